import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { textOf } from "../../rootfs/node.ts";
import { RootTree } from "../../rootfs/tree.ts";
import { loadTemplates } from "./commands/debconf.ts";
import { makeCommands } from "./commands/commands.ts";
import { type System, writeFile } from "./commands/system.ts";
import { parseScript } from "./parse.ts";
import { ScriptSyntaxError } from "./reader.ts";
import { Shell } from "./shell.ts";
import { ScriptLimit } from "./value.ts";

const ROOT = { mode: 0o755, uid: 0, gid: 0, mtime: 0 };

function newSystem(): System {
  const tree = new RootTree(ROOT);
  for (const path of ["etc", "tmp", "usr/bin", "usr/sbin", "var/lib"]) tree.makeDirectory(path, ROOT);
  return {
    tree,
    time: 86_400,
    architecture: "amd64",
    diversions: [],
    alternatives: new Map(),
    overrides: [],
    answers: new Map(),
  };
}

/** Follows a script; its output is what it writes to `/out`. */
function follow(
  script: string,
  system: System = newSystem(),
): { output: string; notes: string[]; status: unknown } {
  const shell = new Shell({
    tree: system.tree,
    commands: makeCommands(system, "sample"),
    variables: { IFS: " \t\n" },
    parameters: ["configure", ""],
    writeFile: (path, text, mode, how) => {
      const before = how === "append" ? system.tree.file(path) : undefined;
      return writeFile(
        system,
        path,
        Buffer.from((before === undefined ? "" : (textOf(before) ?? "")) + text, "latin1"),
        mode,
      );
    },
  });
  const { status } = shell.run(parseScript(`{\n${script}\n} > /out`));
  const out = system.tree.file("out");
  return {
    output: out === undefined ? "" : (textOf(out) ?? ""),
    notes: shell.notes.map(({ command, line }) => `${command}:${line - 1}`),
    status,
  };
}

/** Scripts that a real shell and the follower must answer alike. */
const ALIKE: readonly string[] = [
  'a="x  y"; echo $a "$a" \'$a\' ${a%y} ${a#x} ${#a} ${b:-none} ${b-"a b"} ${a:+set}',
  "for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done",
  'set -- "a b" c; for x; do echo "[$x]"; done; echo $#; shift; echo "$1 $*"',
  'case "$1" in configure|other) echo yes ;; *) echo no ;; esac',
  'case abc in a*c) echo glob ;; esac; case "a*c" in "a*c") echo quoted ;; esac; case b in [!a-c]) echo no;; [a-c]) echo set;; esac',
  'f() { echo "$1-$#"; return 3; }; f one two || echo $?',
  'x=$(echo one; echo two); echo "$x" | tail -n 1; y=`echo \\`echo deep\\``; echo $y',
  "cat <<EOF\n  $1 and \\$1\nEOF\ncat <<-'EOF'\n\t$1\n\tEOF",
  'printf "%s=%s\\n" a 1 b 2; printf "plain\\n"; echo -n no; echo',
  'echo a:b:c | cut -d: -f2; echo a:b:c | cut -d : -f 2-; echo ABC | tr A-Z a-z; echo "a b" | tr -d " "',
  'echo /usr/lib/x.so | sed -e "s,/usr,," -e "s/\\.so$//"; echo aXbX | sed s/X/-/g; printf "a\\nb\\n" | sed -n "s/b/c/p"',
  'printf "one\\ntwo\\n" | grep -q two && echo found; printf "one\\ntwo\\n" | grep -v one; echo a.c | grep -c "a\\.c"',
  'printf "a 1\\nb 2\\n" | while read name value; do echo "$value$name"; done',
  'IFS=: ; echo x:y | { read a b; echo "$b $a"; }',
  'if false; then echo a; elif [ -n "" ] || ! [ 1 -lt 2 ]; then echo b; else echo c; fi',
  "i=0; while [ $i -lt 3 ]; do i=$(expr $i + 1); [ $i -eq 2 ] && break; done; echo $i",
  '(x=1; echo $x); echo "${x:-unset}"; x=2; { x=3; }; echo $x',
  "set -e; false && true; if false; then :; fi; false || true; ! true; echo alive; false; echo dead",
  "set -e; f() { false; echo on; }; if f; then echo ok; fi; f; echo never",
  'dirname /a/b/c; basename /a/b.crt .crt; dirname x; test "(" = ")" || echo no; [ a = a -a b != c ] && echo both',
  "seq 3 -1 1; true & echo after; echo a#b # comment",
  'unset v; : ${v:=default}; echo $v; v="a.b.c"; echo ${v##*.} ${v%%.*} ${v%.*}',
  'x="*"; echo "$x"; echo "a\\b" \'c\\d\'; echo "tab	end"; echo "q\\"q"',
];

for (const [at, script] of ALIKE.entries()) {
  test(`script ${at + 1} is followed as sh runs it: ${script.slice(0, 40).replaceAll("\n", " ")}`, () => {
    const real = spawnSync("dash", ["-c", script, "script", "configure", ""], {
      encoding: "utf8",
      cwd: "/",
      env: { PATH: process.env["PATH"], LC_ALL: "C" },
    });
    const { output, notes } = follow(script);
    assert.equal(output, real.stdout);
    assert.deepEqual(notes, []);
  });
}

test("files are made, moved and changed as the real commands do", () => {
  const script = `
    mkdir -p d/e && mkdir -m 700 d/private
    echo one > d/file; echo two >> d/file; cp -p d/file d/copy; ln -s file d/link; ln -sf copy d/link
    chmod 640 d/file; chmod u+x,g-r,o=r d/copy; mv d/copy d/e; rm -f d/none; touch d/empty
    install -d -m 750 d/made; install -m 600 d/file d/installed; rmdir d/made; (umask 077; touch d/secret)
    ln -s e d/way; readlink d/link; [ -d d/way ] && [ -L d/way ] && echo way; ls d/e`;
  const work = mkdtempSync(join(tmpdir(), "cooper-script-"));
  try {
    const real = spawnSync("dash", ["-c", `umask 022; ${script}; find d -printf '%p %y %m %l\\n' | sort`], {
      encoding: "utf8",
      cwd: work,
    });
    const system = newSystem();
    const { output } = follow(script, system);
    const found: string[] = [];
    for (const { path, node } of system.tree.walk()) {
      if (path !== "d" && !path.startsWith("d/")) continue;
      const target = node.type === "symlink" ? node.target : "";
      found.push(
        `${path} ${node.type === "symlink" ? "l" : node.type[0]} ${node.mode.toString(8)} ${target}`,
      );
    }
    assert.equal(`${output}${found.toSorted().join("\n")}\n`, real.stdout);
  } finally {
    rmSync(work, { recursive: true });
  }
});

test("what hangs on an unknown answer is left out, and the command is noted with its line", () => {
  const system = newSystem();
  writeFile(system, "usr/bin/mystery", Buffer.alloc(0), 0o755);
  const { output, notes } = follow(
    'echo before\nif mystery --ready >/dev/null; then echo yes; else echo no; fi\nx=$(mystery)\necho "$x" > /etc/x\nmystery >/dev/null && echo also\necho after',
    system,
  );
  assert.equal(output, "before\nafter\n");
  assert.deepEqual(notes, ["mystery:2"]);
  assert.equal(system.tree.file("etc/x"), undefined, "nothing is written that is not known");
});

test("what a script leaves for its end is done then", () => {
  const system = newSystem();
  follow("temporary=$(mktemp)\ntrap 'rm -f \"$temporary\"' EXIT\ncp $temporary /etc/kept\nexit 1", system);
  assert.equal(system.tree.directory("tmp")?.entries.size, 0);
  assert.ok(system.tree.file("etc/kept"));
});

test("a program that the image does not have is not found, as in a real shell", () => {
  assert.equal(follow("command -v nothing || echo missing; nothing; echo $?").output, "missing\n127\n");
});

test("alternatives take the highest priority, and slaves follow", () => {
  const system = newSystem();
  for (const name of ["vim", "nano"]) writeFile(system, `usr/bin/${name}`, Buffer.alloc(0), 0o755);
  writeFile(system, "usr/bin/vim.1", Buffer.alloc(0));
  follow(
    `update-alternatives --install /usr/bin/editor editor /usr/bin/nano 40
     update-alternatives --install /usr/bin/editor editor /usr/bin/vim 50 --slave /usr/bin/editor.1 editor.1 /usr/bin/vim.1
     update-alternatives --install /usr/bin/editor editor /usr/bin/gone 90`,
    system,
  );
  const target = (path: string): string => {
    const node = system.tree.get(path, "keep");
    return node?.type === "symlink" ? node.target : "nothing";
  };
  assert.equal(target("usr/bin/editor"), "/etc/alternatives/editor");
  assert.equal(target("etc/alternatives/editor"), "/usr/bin/vim");
  assert.equal(target("etc/alternatives/editor.1"), "/usr/bin/vim.1");
});

test("accounts get Debian's numbers, in order", () => {
  const system = newSystem();
  writeFile(system, "etc/passwd", Buffer.from("root:*:0:0:root:/root:/bin/sh\n"));
  writeFile(system, "etc/group", Buffer.from("root:*:0:\nnogroup:*:65534:\nshadow:*:42:\n"));
  const { notes } = follow(
    `shadowconfig on
     adduser --system --group --home /var/lib/db --quiet db
     adduser --system --no-create-home --home /run/web web
     adduser web db; groupadd -r late; useradd -r -g late -d /nonexistent -s /usr/sbin/nologin late
     getent passwd db > /dev/null && chown -R db:db /var/lib/db && chmod 700 /var/lib/db`,
    system,
  );
  const lines = (path: string): string[] =>
    (textOf(system.tree.file(path) ?? assert.fail()) ?? "").trim().split("\n");
  assert.deepEqual(notes, []);
  assert.deepEqual(lines("etc/passwd"), [
    "root:x:0:0:root:/root:/bin/sh",
    "db:x:100:100::/var/lib/db:/usr/sbin/nologin",
    "web:x:101:65534::/run/web:/usr/sbin/nologin",
    "late:x:999:999::/nonexistent:/usr/sbin/nologin",
  ]);
  assert.deepEqual(lines("etc/group").slice(-2), ["db:x:100:web", "late:x:999:"]);
  assert.equal(lines("etc/shadow").at(-1), "late:!:1::::::");
  const home = system.tree.directory("var/lib/db");
  assert.deepEqual([home?.uid, home?.gid, home?.mode], [100, 100, 0o700]);
});

test("questions have the answers that the templates give", () => {
  const templates =
    "Template: sample/ready\nType: boolean\nDefault: true\nDescription: x\n\nTemplate: sample/other\nType: string\n";
  const script =
    ". /usr/share/debconf/confmodule\ndb_version 2.0\ndb_get sample/ready && echo $RET\ndb_get sample/none || echo none";
  const system = newSystem();
  loadTemplates(system, templates);
  assert.equal(follow(script, system).output, "true\nnone\n");
});

test("a loop without end, a call without end and endless output are left", () => {
  assert.throws(() => follow("while true; do :; done"), ScriptLimit);
  assert.throws(() => follow("f() { f; }; f"), ScriptLimit);
  assert.throws(
    () => follow('x=1234567890; while true; do x="$x$x$x$x$x$x$x$x"; echo "$x"; done'),
    ScriptLimit,
  );
});

test("what is no script says so, with the line", () => {
  for (const [script, line] of [
    ["if true; then", 1],
    ["echo 'open", 1],
    ["echo ok\nfi", 2],
    ["x=$(echo", 1],
    ["cat <<EOF\nno end", 2],
  ] as const) {
    assert.throws(
      () => parseScript(script),
      (error) => error instanceof ScriptSyntaxError && error.line >= line,
      script,
    );
  }
});
