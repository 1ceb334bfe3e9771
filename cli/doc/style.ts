/** @file Looks of a spec's page, beside the common sheet. In: nothing. Out: CSS. */

export const DOC_STYLE = `
h1 { overflow-wrap: anywhere; } h1 .dims { font-weight: normal; color: var(--soft); margin-left: .15em; }
.kind { margin: 1rem 0 -.9rem; } .doc { max-width: 46rem; font-size: 1.05rem; } .papers { margin-top: -.4rem; }
.diagram { display: block; margin: 0 auto; max-width: none; }
caption { text-align: left; white-space: normal; } td { white-space: nowrap; }
.equations { display: grid; gap: .15rem; }
.equation { display: grid; grid-template-columns: minmax(0, 1fr) auto; align-items: center; gap: 0 1rem;
  border-left: 4px solid var(--grid); padding: .3rem 0 .3rem .9rem; margin: .15rem 0; }
.equation.gate { border-color: var(--c1); } .equation.state { border-color: var(--c2); } .equation.output { border-color: var(--c3); }
.equation .math { overflow-x: auto; overflow-y: hidden; padding: .15rem 0; } .equation .note { grid-column: 1 / -1; margin: .1rem 0 0; font-size: .92rem; }
.equation.inherited .math { opacity: .8; }
.equation .shape { color: var(--soft); } .equation .aside { display: flex; flex-flow: row-reverse; align-items: baseline; gap: 1rem; } .equation .katex { font-size: 1.2em; }
@media (max-width: 44rem) { .equation .aside { flex-flow: column; align-items: flex-end; gap: .1rem; } }
.origin { font-size: .82rem; color: var(--soft); white-space: nowrap; }
.origin.replaced, .origin.added { color: var(--accent); font-weight: 600; }
.marked { background: color-mix(in srgb, var(--c5) 24%, transparent); border-bottom: 2px solid var(--c5); border-radius: 2px; }
.key { display: inline-flex; align-items: center; gap: .4em; margin-right: 1.1em; }
.swatch { display: inline-block; width: 1.5em; height: 1em; border: 1.5px solid currentColor; border-radius: 3px; }
.swatch.gate { border-color: var(--c1); background: color-mix(in srgb, var(--c1) 18%, var(--paper)); border-radius: 6px; }
.swatch.state { border: 3px double var(--c2); } .swatch.past { border: 1.5px dashed var(--c2); border-radius: 1em; }
.swatch.operation { border-color: var(--soft); background: var(--shade); border-radius: 1em; }
.pairs { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: .2rem 1.5rem; }
.pairs .head { font-weight: 600; margin: .2rem 0; } .pairs .both { grid-column: 1 / -1; opacity: .75; } .pairs .side, .pairs .both { overflow-x: auto; overflow-y: hidden; padding: .2rem 0 .2rem .7rem; border-left: 4px solid var(--grid); }
.pairs .differs { border-color: var(--c5); } .pairs .none { color: var(--soft); }
.who { display: none; }
@media (max-width: 44rem) { .pairs { grid-template-columns: minmax(0, 1fr); } .pairs .head { display: none; } .who { display: block; font-size: .8rem; } }
.comparison { border-top: 1px solid var(--grid); padding-top: .2rem; margin-top: 1.2rem; } .comparison h3 { margin-bottom: 0; } .comparison p { margin: .2rem 0 .5rem; }
.block { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 .7rem; align-items: start; margin: .9rem 0; padding-left: .9rem; border-left: 4px solid var(--c2); }
.block .of { padding-top: .1rem; } .block summary { cursor: pointer; color: var(--accent); margin: .3rem 0; }
.term { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 1rem; align-items: center; min-height: 2.4rem; } .term .math { overflow-x: auto; overflow-y: hidden; padding: .2rem 0; }
.way { font-size: .85rem; white-space: nowrap; } .direct { color: var(--good); }
@media (max-width: 44rem) { .block { grid-template-columns: minmax(0, 1fr); } .term { grid-template-columns: minmax(0, 1fr); margin-bottom: .4rem; } .way { white-space: normal; } }
.total { font-size: 1.1rem; overflow-x: auto; }
`;

export const INDEX_STYLE = `
.cards { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 16rem), 1fr)); gap: 1rem; }
.card { border: 1px solid var(--grid); border-radius: 10px; padding: .8rem 1rem; min-width: 0; } .card p { margin: .35rem 0 0; font-size: .92rem; overflow-wrap: anywhere; }
.card .thumb { display: flex; align-items: center; justify-content: center; height: 9rem; margin-bottom: .5rem; }
.card svg.diagram { max-width: 100%; max-height: 100%; } .card a { text-decoration: none; color: inherit; } .card strong { color: var(--accent); } .card:hover { border-color: var(--accent); }
`;
