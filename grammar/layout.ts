/** @file Lays out text within a width. In: a document with places where lines may break. Out: text.
 *  Never knows the language. Wadler 2003, "A prettier printer", in the greedy form of most printers. */

/**
 * A string stands for itself, a list for its parts in order. A `line` is a line break in a group that
 * is broken, else `flat`. A group breaks where it does not fit, or holds a comment. A comment ends
 * its line (a `line` follows it); with `own` it also starts one.
 */
export type Doc =
  | string
  | readonly Doc[]
  | { readonly kind: "line"; readonly flat: "" | " " }
  | { readonly kind: "group"; readonly doc: Doc; readonly broken: boolean }
  | { readonly kind: "indent"; readonly doc: Doc }
  | { readonly kind: "comment"; readonly text: string; readonly own: boolean };

/** A space or a line break. */
export const line: Doc = { kind: "line", flat: " " };
/** Nothing or a line break. */
export const softLine: Doc = { kind: "line", flat: "" };

export function group(doc: Doc): Doc {
  return { kind: "group", doc, broken: holdsComment(doc) };
}

/** Two spaces further in, from its first line break on. */
export function indent(doc: Doc): Doc {
  return { kind: "indent", doc };
}

export function join(parts: readonly Doc[], separator: Doc): Doc {
  return parts.flatMap((part, i) => (i === 0 ? [part] : [separator, part]));
}

function holdsComment(doc: Doc): boolean {
  if (typeof doc === "string") return false;
  if (!("kind" in doc)) return doc.some(holdsComment);
  switch (doc.kind) {
    case "line":
      return false;
    case "comment":
      return true;
    case "group":
      return doc.broken;
    case "indent":
      return holdsComment(doc.doc);
    default:
      return doc satisfies never;
  }
}

interface Command {
  readonly doc: Doc;
  readonly indent: number;
  readonly flat: boolean;
}

/** The text, its first line starting `start` columns in (not printed), later ones indented. */
export function layOut(doc: Doc, width: number, start: number): string {
  const out: string[] = [];
  const rest: Command[] = [{ doc, indent: start, flat: false }];
  let column = start;
  const put = (text: string): void => {
    out.push(text);
    column += text.length;
  };
  const breakLine = (to: number): void => {
    out.push(`\n${" ".repeat(to)}`);
    column = to;
  };
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { doc: current, indent: at, flat } = next;
    if (typeof current === "string") put(current);
    else if (!("kind" in current))
      for (let i = current.length - 1; i >= 0; i--) rest.push({ ...next, doc: current[i]! });
    else
      switch (current.kind) {
        case "line":
          if (flat) put(current.flat);
          else breakLine(at);
          break;
        case "comment":
          if (current.own) breakLine(at);
          put(current.own ? current.text : ` ${current.text}`);
          break;
        case "indent":
          rest.push({ doc: current.doc, indent: at + 2, flat });
          break;
        case "group": {
          const fitting: Command = { doc: current.doc, indent: at, flat: true };
          const fits = flat || (!current.broken && fitsIn(width - column, fitting, rest));
          rest.push({ ...fitting, flat: fits });
          break;
        }
        default:
          return current satisfies never;
      }
  }
  return out.join("");
}

/** Whether `first`, and what follows it up to the next line break, needs no more than `room`. */
function fitsIn(room: number, first: Command, after: readonly Command[]): boolean {
  const rest: Command[] = [first];
  let left = room;
  let following = after.length;
  while (left >= 0) {
    const next = rest.pop() ?? after[--following];
    if (next === undefined) return true;
    const { doc: current, flat } = next;
    if (typeof current === "string") left -= current.length;
    else if (!("kind" in current))
      for (let i = current.length - 1; i >= 0; i--) rest.push({ ...next, doc: current[i]! });
    else if (current.kind === "line") {
      if (!flat) return true;
      left -= current.flat.length;
    } else if (current.kind === "comment") return true;
    else rest.push({ ...next, doc: current.doc });
  }
  return false;
}
