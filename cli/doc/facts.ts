/** @file What a page says, as data. In: a checked spec and what of it. Out: the object that `--json` prints
 *  and the page shows; texts as in the spec, mathematics as LaTeX. Never HTML. */
import type { Checked } from "../../compiler/2-check/checked.ts";
import type { Entry } from "../../compiler/3-lower/lower.ts";
import { type DerivationFacts, derivationOf } from "./derivation.ts";
import type { Diagram } from "./diagram.ts";
import { type CellFacts, cellFacts } from "./cell-facts.ts";
import { type ModelFacts, modelFacts } from "./model-facts.ts";
import { type Work, workOf } from "./work.ts";

export interface DocFacts {
  readonly name: string;
  readonly kind: "cell" | "model";
  readonly file: string;
  readonly line: number;
  /** Its comment, line breaks within a paragraph gone. */
  readonly doc: string;
  readonly papers: readonly Paper[];
  /** `example`: neither the spec nor the reader says; the numbers below are for it. */
  readonly dims: readonly {
    readonly name: string;
    readonly size: number;
    readonly example: boolean;
  }[];
  readonly work: Work;
  readonly diagram: Diagram;
  /** The declaration as written. */
  readonly source: string;
  readonly cell: CellFacts | null;
  readonly model: ModelFacts | null;
  /** Of a cell. */
  readonly jacobian: DerivationFacts | null;
}

export interface Paper {
  readonly label: string;
  readonly url: string;
}

export function factsOf(checked: Checked, entry: Entry, examples: ReadonlySet<string>): DocFacts {
  const { name, decl, kind, dims } = entry;
  const flat = checked.cells.get(name);
  const model = checked.models.get(name);
  const { span } = flat === undefined ? model! : flat.lineage[0]!;
  const work = workOf(checked, entry);
  const cell = flat === undefined ? null : cellFacts(checked, flat, dims);
  const flow = model === undefined ? null : modelFacts(checked, model, entry.train);
  const text = checked.files.find((f) => f.path === span.file)?.text ?? "";
  const { diagram } = (cell ?? flow)!;
  return {
    name,
    kind,
    file: span.file,
    line: span.line,
    doc: decl.doc.split("\n").join(" "),
    papers: papersIn(decl.doc),
    dims: Object.entries(dims).map(([d, size]) => ({ name: d, size, example: examples.has(d) })),
    work,
    diagram,
    source: text.slice(span.start, span.end),
    cell: cell?.facts ?? null,
    model: flow?.facts ?? null,
    jacobian: flat === undefined ? null : derivationOf(checked, entry),
  };
}

/** arXiv numbers and DOIs, each once. */
export function papersIn(doc: string): readonly Paper[] {
  const arxiv = [...doc.matchAll(/\barXiv:(\d{4}\.\d{4,5})(v\d+)?/g)].map(
    ([label, number, version]) => ({
      label,
      url: `https://arxiv.org/abs/${number}${version ?? ""}`,
    }),
  );
  const doi = [...doc.matchAll(/\bdoi:(10\.\d{4,9}\/[\w.()/:;-]*\w)/gi)].map(([label, number]) => ({
    label,
    url: `https://doi.org/${number}`,
  }));
  return [...new Map([...arxiv, ...doi].map((p) => [p.url, p])).values()];
}
