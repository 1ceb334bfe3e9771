/** @file Looks of every page. In: nothing. Out: CSS. Colours are variables, so that pictures follow the
 *  reader's light or dark scheme. Never names a font that must be fetched. */

/** Okabe & Ito 2008, eight colours told apart by colour-blind readers; yellow and black left out. */
export const SERIES = 6;

const COLOURS = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --soft: #57606a; --grid: #d8dee4; --shade: #f3f5f7;
  --accent: #0a58a8; --bad: #b3261e; --good: #1a7f37;
  --c1: #0072b2; --c2: #d55e00; --c3: #009e73; --c4: #b5559a; --c5: #a86e00; --c6: #3f8fc4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0f1318; --soft: #9aa5b1; --grid: #2e3640;
  --shade: #182028; --accent: #6cb2f5; --bad: #ff8a80; --good: #6fdd8b;
  --c1: #58b4ea; --c2: #ff9a57; --c3: #43cfa1; --c4: #e79fd0; --c5: #e6b04d; --c6: #9fd3f2; } }`;

export const PAGE_STYLE = `${COLOURS}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem clamp(1rem, 4vw, 2.5rem) 4rem; max-width: 72rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 1rem 0 .5rem; } h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
a { color: var(--accent); } :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.soft { color: var(--soft); } .bad { color: var(--bad); } .good { color: var(--good); }
.wide { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .5rem 0; }
th, td { padding: .25rem .8rem .25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); }
td.number, th.number { text-align: right; }
pre { background: var(--shade); padding: .8rem 1rem; overflow-x: auto; } code, pre { font: .9rem/1.45 ui-monospace, monospace; }
figure { margin: 1rem 0; } figure svg { width: 100%; height: auto; } figcaption { color: var(--soft); font-size: .92rem; }
nav ul { padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; }
.skip { position: absolute; left: -99rem; } .skip:focus { position: static; }
@media print { body { max-width: none; } }`;

/** For an SVG file that stands alone. */
export const SVG_STYLE = `${COLOURS}
svg { color: var(--ink); background: var(--paper); }`;
