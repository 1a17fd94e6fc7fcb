# What the parts of the quickstart say, and how: read by them, not run.

# A heading, bold on a terminal.
say() { printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi; }
# A command, as one would type it.
show() {
  printf '$'
  printf ' %s' "$@"
  printf '\n'
}
free_port() {
  node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}
# Asks an address until it answers, and prints the answer.
fetch_page() {
  show fetch "$1"
  node --input-type=module -e '
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await fetch(process.argv[1]);
        console.log(reply.status, reply.headers.get("content-type"));
        console.log(await reply.text());
        process.exit(reply.ok ? 0 : 1);
      } catch (error) {
        if (attempt === 300) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }' "$1"
}
