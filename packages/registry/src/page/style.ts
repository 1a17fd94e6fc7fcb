/** The pages' only style sheet: it stands in each page, and the policy names its hash. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2327; --soft: #5b6770; --paper: #fbfaf8; --card: #fff;
  --line: #e3dfd8; --oak: #9a5b13; --code: #f3efe8; --good: #23713f; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e4dd; --soft: #a6a29a; --paper: #171614;
  --card: #201e1b; --line: #38342e; --oak: #e0a458; --code: #292622; --good: #7cc795; --bad: #f2938c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
main, header, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 3rem; }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.02em; }
h1 a { color: inherit; text-decoration: none; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .75rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .35rem; }
p { margin: .5rem 0; max-width: 44rem; }
.lead { font-size: 1.15rem; color: var(--soft); }
a { color: var(--oak); }
a:focus-visible { outline: 3px solid var(--oak); outline-offset: 2px; border-radius: 3px; }
code, pre { font: .875rem/1.5 ui-monospace, "SFMono-Regular", Menlo, "DejaVu Sans Mono", monospace; }
code { background: var(--code); border-radius: 4px; padding: .1em .35em; overflow-wrap: anywhere; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0;
  padding: .75rem 1rem; overflow-x: auto; }
pre code { background: none; padding: 0; overflow-wrap: normal; }
ul.makers { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr)); }
ul.makers li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1.1rem; }
ul.makers h3 { margin: 0 0 .35rem; }
ul.makers pre { margin: .35rem 0 0; padding: .45rem .75rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; }
th, td { text-align: left; padding: .5rem .9rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th { font-weight: 600; color: var(--soft); font-size: .875rem; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.good { color: var(--good); } .bad { color: var(--bad); } .soft { color: var(--soft); }
.state { font-weight: 600; white-space: nowrap; }
footer { color: var(--soft); font-size: .875rem; padding-top: 2.5rem; padding-bottom: 3rem; }
`;
