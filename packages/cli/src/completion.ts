import { proposeCompletions } from "@stricli/core";
import type { Invocation } from "./command.ts";
import { application } from "./routes.ts";

/** The words that may stand where the last of `words` is, one a line with its brief after a tab. */
export async function completions(words: readonly string[], context: Invocation): Promise<string> {
  const proposals = await proposeCompletions(await application(words), words, context);
  return proposals.map(({ completion, brief }) => `${completion}\t${brief}\n`).join("");
}

export type Shell = "bash" | "zsh" | "fish";

/** What each shell has to read once. All ask `cooper __complete` for the words. */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# cooper completion for bash: source this, or put it into /etc/bash_completion.d/
_cooper() {
  local word
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    COMPREPLY+=("$word")
  done < <(cooper __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [ \${#COMPREPLY[@]} -gt 0 ] || compopt -o default
}
complete -F _cooper cooper
`,
  zsh: `#compdef cooper
# cooper completion for zsh: put it into a directory of $fpath as _cooper, or source it
_cooper() {
  local word brief
  local -a list
  while IFS=$'\\t' read -r word brief; do
    list+=("\${word//:/\\\\:}:$brief")
  done < <(cooper __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#list} )); then _describe cooper list; else _files; fi
}
if [ "$funcstack[1]" = _cooper ]; then _cooper "$@"; else compdef _cooper cooper; fi
`,
  fish: `# cooper completion for fish: put it into ~/.config/fish/completions/cooper.fish
function __cooper_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l current (commandline --current-token)
    cooper __complete $words[2..-1] "$current" 2>/dev/null
end
complete --command cooper --arguments '(__cooper_complete)'
`,
};
