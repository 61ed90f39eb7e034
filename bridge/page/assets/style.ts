/**
 * The page's style: one scale of type, one set of colours for light and one for dark, figures of one width. Each text has a contrast of
 * at least 4.5 to 1 against what it stands on.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfbfa; --panel: #ffffff; --line: #dedfdc; --ink: #1c2126; --faint: #5b646d; --link: #175a86; --mark: #e8f0f5;
  --good: #1c6b3c; --good-paper: #e4f3e9; --warn: #7d4e00; --warn-paper: #fdf0d5; --bad: #a32020; --bad-paper: #fbe6e4;
  --main: #1f5f8b; --main-ink: #ffffff; --bar: #7da7c4; --bar-change: #2f7d53; --bar-bad: #c4453f;
  --small: 0.8125rem; --base: 0.875rem; --large: 1.0625rem; --huge: 1.375rem;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --panel: #1b1f23; --line: #33393f; --ink: #e4e6e8; --faint: #9ea8b1; --link: #86bce0; --mark: #22323d;
    --good: #84d3a0; --good-paper: #18301f; --warn: #ecc06d; --warn-paper: #352a12; --bad: #f59c95; --bad-paper: #3b1d1b;
    --main: #2d6f9d; --main-ink: #ffffff; --bar: #4f7f9e; --bar-change: #58ad7d; --bar-bad: #d9635c;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { font: var(--base)/1.5 system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', 'DejaVu Sans', sans-serif; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font-variant-numeric: tabular-nums; }
a { color: var(--link); text-underline-offset: 0.15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
main:focus { outline: none; }
h1 { font-size: var(--huge); line-height: 1.25; font-weight: 600; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: var(--large); line-height: 1.3; font-weight: 600; margin: 2rem 0 0.5rem; }
h3 { font-size: var(--base); font-weight: 600; margin: 1rem 0 0.25rem; }
p, ul, ol, dl { margin: 0 0 0.75rem; }
ul, ol { padding-left: 1.25rem; }
code, pre, kbd { font: var(--small)/1.5 ui-monospace, 'SF Mono', 'Liberation Mono', 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: 0.5rem 0.75rem; overflow: auto; white-space: pre-wrap; }
.faint, .hint { color: var(--faint); }
.hint { font-size: var(--small); }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 0.5rem; top: 0.5rem; background: var(--panel); padding: 0.5rem; z-index: 2; }

header { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1.5rem; padding: 0.5rem max(1.5rem, calc((100vw - 100rem) / 2 + 1.5rem)); background: var(--panel); border-bottom: 1px solid var(--line); }
.brand { font-weight: 700; color: var(--ink); text-decoration: none; letter-spacing: -0.01em; }
nav { flex: 1 1 auto; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0.125rem; margin: 0; padding: 0; }
nav a { display: block; padding: 0.25rem 0.625rem; border-radius: 4px; color: var(--faint); text-decoration: none; }
nav a:hover { color: var(--ink); background: var(--mark); }
nav a[aria-current] { color: var(--ink); background: var(--mark); font-weight: 600; }
.count { display: inline-block; min-width: 1.25rem; padding: 0 0.3125rem; border-radius: 0.625rem; background: var(--warn-paper); color: var(--warn); font-size: var(--small); font-weight: 600; text-align: center; line-height: 1.25rem; }
.who { display: flex; align-items: center; gap: 0.75rem; color: var(--faint); font-size: var(--small); }
main { max-width: 100rem; margin: 0 auto; padding: 1.5rem 1.5rem 4rem; }
main.bare { max-width: 28rem; padding-top: 12vh; }

.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 1rem 1.25rem; margin: 0 0 1rem; }
.panel > :first-child { margin-top: 0; }
.panel > :last-child { margin-bottom: 0; }
.panel h2 { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: baseline; margin: 0 0 0.75rem; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; margin: 0 0 1rem; }
.grid > .panel { margin: 0; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1.25rem; margin: 0; }
dl.facts dt { color: var(--faint); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 30rem) { dl.facts { grid-template-columns: 1fr; gap: 0; } dl.facts dd { margin-bottom: 0.5rem; } }

.badge { display: inline-block; padding: 0 0.5rem; border-radius: 0.75rem; font-size: var(--small); font-weight: 600; line-height: 1.375rem; white-space: nowrap; background: var(--mark); color: var(--ink); }
.badge.good { background: var(--good-paper); color: var(--good); }
.badge.good::before { content: '✓ '; content: '✓ ' / ''; }
.badge.warn { background: var(--warn-paper); color: var(--warn); }
.badge.warn::before { content: '! '; content: '! ' / ''; }
.badge.bad { background: var(--bad-paper); color: var(--bad); }
.badge.bad::before { content: '✕ '; content: '✕ ' / ''; }
.notice { border: 1px solid var(--line); border-left: 4px solid var(--faint); background: var(--panel); border-radius: 4px; padding: 0.625rem 1rem; margin: 0 0 1rem; }
.notice.good { border-left-color: var(--good); }
.notice.warn { border-left-color: var(--warn); background: var(--warn-paper); color: var(--warn); }
.notice.bad { border-left-color: var(--bad); background: var(--bad-paper); color: var(--bad); }
.nothing { color: var(--faint); border: 1px dashed var(--line); border-radius: 6px; padding: 1rem 1.25rem; }
.warnings { color: var(--warn); margin: 0.75rem 0 0; }

.scroll { overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; margin: 0 0 1rem; }
table { border-collapse: collapse; width: 100%; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
th, td { text-align: left; vertical-align: top; padding: 0.375rem 0.75rem; border-bottom: 1px solid var(--line); }
th { font-size: var(--small); font-weight: 600; color: var(--faint); white-space: nowrap; background: var(--paper); }
td { overflow-wrap: break-word; min-width: 4rem; max-width: 34rem; }
td time, td.number, .nowrap { white-space: nowrap; }
tbody tr:last-child > td { border-bottom: 0; }
tbody tr:hover { background: var(--mark); }
tbody tr.new { animation: arrive 2s ease-out; }
@keyframes arrive { from { background: var(--good-paper); } }
@media (prefers-reduced-motion: reduce) { tbody tr.new { animation: none; } }
.number { text-align: right; }
td.number, th.number { min-width: 3.5rem; }

.filter { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: end; margin: 0 0 1rem; }
.filter p { margin: 0; }
.filter .wide { flex: 1 1 18rem; }
.panel form:last-child .filter { margin-bottom: 0; }
.field { display: flex; flex-direction: column; gap: 0.125rem; max-width: 28rem; }
label { font-size: var(--small); color: var(--faint); }
label strong, label code { color: var(--ink); }
input, select, textarea, button, .button { font: inherit; color: var(--ink); }
input, select, textarea { background: var(--panel); border: 1px solid var(--faint); border-radius: 4px; padding: 0.3125rem 0.5rem; min-width: 10rem; max-width: 100%; height: 2.125rem; }
button, .button { display: inline-block; background: var(--panel); border: 1px solid var(--faint); border-radius: 4px; padding: 0.3125rem 0.875rem; cursor: pointer; text-decoration: none; line-height: 1.5; }
button:hover, .button:hover { background: var(--mark); }
button.main, .button.main { background: var(--main); border-color: var(--main); color: var(--main-ink); font-weight: 600; }
button.main:hover, .button.main:hover { filter: brightness(1.1); }
button.grave { border-color: var(--bad); color: var(--bad); font-weight: 600; }
button.quiet { border-color: transparent; background: none; color: var(--link); padding: 0.125rem 0.25rem; }
.actions { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: end; margin: 0 0 1rem; }
.actions form { display: contents; }
[hidden] { display: none !important; }
.copy { display: inline-flex; flex-wrap: wrap; gap: 0.25rem 0.5rem; align-items: center; }
.copy button { font-size: var(--small); padding: 0 0.5rem; }
details > summary { cursor: pointer; color: var(--link); }
details[open] > summary { margin-bottom: 0.375rem; }
.because { font-size: var(--small); color: var(--faint); }
ul.changes { margin: 0; padding: 0; list-style: none; }
ol.steps { list-style: none; padding: 0; margin: 0 0 1rem; }
ol.steps li { display: grid; grid-template-columns: 6rem 12rem 1fr; gap: 0.125rem 0.75rem; padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
ol.steps li:last-child { border-bottom: 0; }
@media (max-width: 48rem) { ol.steps li { grid-template-columns: 6rem 1fr; } ol.steps .detail { grid-column: 2; } }
ol.timeline { list-style: none; margin: 0; padding: 0 0 0 0.75rem; border-left: 2px solid var(--line); }
ol.timeline li { position: relative; padding: 0 0 0.625rem 0.75rem; }
ol.timeline li::before { content: ''; position: absolute; left: calc(-0.75rem - 6px); top: 0.45rem; width: 10px; height: 10px; border-radius: 50%; background: var(--bar); border: 2px solid var(--paper); }
ol.timeline li.bad::before { background: var(--bar-bad); }
ol.timeline li.good::before { background: var(--bar-change); }
ol.timeline time { color: var(--faint); font-size: var(--small); margin-right: 0.5rem; }

/* Where the plot is wider than the screen, the last hours are what is seen first. */
.plot-frame { overflow-x: auto; direction: rtl; }
svg.plot { direction: ltr; display: block; width: 100%; min-width: 40rem; height: auto; }
svg.plot text { fill: var(--faint); font-size: 11px; }
svg.plot .axis { stroke: var(--line); stroke-width: 1; }
svg.plot .requests { fill: var(--bar); }
svg.plot .refused { fill: var(--bar-bad); }
svg.plot .changes { fill: var(--bar-change); }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; font-size: var(--small); color: var(--faint); list-style: none; padding: 0; margin: 0 0 0.5rem; }
.legend li::before { content: ''; display: inline-block; width: 0.75rem; height: 0.625rem; margin-right: 0.375rem; border-radius: 2px; background: var(--bar); }
.legend .refused::before { background: var(--bar-bad); }
.legend .changes::before { background: var(--bar-change); }
@media (max-width: 40rem) { header { padding: 0.5rem 1rem; } main { padding: 1rem 1rem 3rem; } th, td { padding: 0.375rem 0.5rem; } }
@media (max-width: 44rem) {
  .scroll { background: none; border: 0; border-radius: 0; }
  table, tbody, tr, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.375rem 0; margin: 0 0 0.5rem; }
  td, tbody tr:last-child > td { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: 0 0.75rem; border: 0; padding: 0.125rem 0.75rem; max-width: none; text-align: left; white-space: normal; }
  td::before { content: attr(data-head); color: var(--faint); font-size: var(--small); grid-row: 1 / span 20; }
  td > * { grid-column: 2; justify-self: start; }
  td:empty { display: none; }
  .filter .field, .filter input, .filter select { width: 100%; max-width: none; }
  .filter .field { flex: 1 1 9rem; min-width: 0; } .filter input, .filter select { min-width: 0; }
}
@media print { header, form, button { display: none; } body { background: none; } }
`;
