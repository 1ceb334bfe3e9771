/** @file Looks of a report beside the common sheet. In: nothing. Out: CSS. */
export const STYLE = `
body { max-width: 84rem; }
header h1 { margin-top: 0; overflow-wrap: anywhere; } header > p { margin: .6rem 0 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(9.5rem, 45%), 1fr)); gap: .5rem; margin: 1rem 0; }
.facts div { background: var(--shade); border-radius: .4rem; padding: .45rem .7rem; min-width: 0; }
.facts dt { color: var(--soft); font-size: .85rem; } .facts dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
.facts dd .soft { font-weight: 400; font-size: .85rem; }
nav { border-block: 1px solid var(--grid); padding: .4rem 0; } nav ul { margin: 0; } nav a { display: inline-block; padding: .25rem 0; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(23rem, 100%), 1fr)); gap: 1rem 2rem; align-items: start; }
.picture { min-width: 0; } .picture h3 { margin: .3rem 0 0; font-size: 1rem; overflow-wrap: anywhere; } .picture figure { margin: .3rem 0 .6rem; }
.picture figcaption { font-size: .86rem; line-height: 1.4; }
.picture svg .role-mark path { shape-rendering: auto; } .mark-rect path { shape-rendering: crispEdges; }
summary { cursor: pointer; padding: .3rem 0; font-weight: 600; } details { margin: .3rem 0; }
td { white-space: nowrap; } .grid td { white-space: normal; } .grid td + td { overflow-wrap: anywhere; min-width: 5rem; } .grid td:first-child { max-width: 14rem; overflow-wrap: anywhere; } caption { text-align: left; padding: .2rem 0; }
.source { padding: .6rem 0; tab-size: 2; } .line { display: block; padding-right: 1rem; } .line:hover { background: color-mix(in srgb, var(--accent) 12%, transparent); }
.n { display: inline-block; width: 3.2em; padding-right: 1em; text-align: right; color: var(--soft); user-select: none; }
#live { font-size: .9rem; }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media print { details:not([open]) > *:not(summary) { display: block; } }`;
