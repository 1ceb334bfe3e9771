/** @file Expressions as LaTeX. In: the tree; which names are scalars, where that is known. Out: mathematics
 *  as papers set it, with only the brackets that the tree needs; KaTeX reads all of it. Never resolves a
 *  name, never simplifies. */
import type { Arg, BinaryOp, DimExpr, Equation, Expr } from "./ast.ts";
import { type Form, formOf, functionName, sliceOf } from "./latex-calls.ts";
import { latexOfDim, latexOfName, latexOfNumber } from "./latex-names.ts";

/** Names that hold one number: what they scale needs no ⊙. Empty where shapes are not known. */
export type Scalars = ReadonlySet<string>;

const NONE: ReadonlySet<never> = new Set();

/** What marked parts are wrapped in: KaTeX gives it to HTML as a class. */
export const MARK = "\\htmlClass{marked}";

/** For math mode. Products are juxtapositions for `@` and for scalars, ⊙ elementwise; a comparison that
 *  counts as a number, 1 or 0, stands in Iverson's brackets; `v[p:q]` holds elements p … q−1 from 0. */
export function latexOf(
  e: Expr,
  scalars: Scalars = NONE,
  marked: ReadonlySet<Expr> = NONE,
): string {
  return typeset(e, scalars, marked).text;
}

/** Both sides of `i[t] = …`. */
export function latexOfEquation(
  { name, timed, value }: Pick<Equation, "name" | "timed" | "value">,
  scalars: Scalars = NONE,
  marked: ReadonlySet<Expr> = NONE,
): { readonly left: string; readonly right: string } {
  const left = latexOfName(name.text, timed ? 0 : null);
  return { left, right: latexOf(value, scalars, marked) };
}

/** Is `e` one number, as far as names and literals tell? */
export function isScalar(e: Expr, scalars: Scalars): boolean {
  switch (e.kind) {
    case "number":
      return true;
    case "ref":
      return scalars.has(e.name);
    case "unary":
      return isScalar(e.operand, scalars);
    case "binary":
      return e.op !== "@" && isScalar(e.left, scalars) && isScalar(e.right, scalars);
    case "call":
      return (
        e.callee.text === "dot" || (e.args.length > 0 && e.args.every(scalarArgument(scalars)))
      );
    default:
      return false;
  }
}

const scalarArgument =
  (scalars: Scalars) =>
  (a: Arg): boolean =>
    a.kind === "positional" && isScalar(a.value, scalars);

// ---- what is set, and how tightly

/** Loose to tight, as mathematics reads: `a ⊙ W x` is a ⊙ (W x), `-a b` is -(a b). */
const LEVEL = {
  open: 1, // no right end of its own: cases, pipes
  sum: 2,
  product: 3,
  beside: 4,
  power: 5,
  atom: 6,
} as const;
type Level = (typeof LEVEL)[keyof typeof LEVEL];

/** `tall`: brackets around it have to grow. */
interface Typeset {
  readonly text: string;
  readonly level: Level;
  readonly tall: boolean;
}

const atom = (text: string): Typeset => ({ text, level: LEVEL.atom, tall: false });

function fenced(open: string, close: string, x: Pick<Typeset, "text" | "tall">): Typeset {
  const [left, right] = x.tall ? ["\\left", "\\right"] : ["", ""];
  return { text: `${left}${open}${x.text}${right}${close}`, level: LEVEL.atom, tall: x.tall };
}

/** `x` where `least` or tighter may stand bare. */
const within = (x: Typeset, least: Level): Typeset => (x.level < least ? fenced("(", ")", x) : x);

const joined = (left: Typeset, sign: string, right: Typeset, level: Level): Typeset => ({
  text: `${left.text}${sign}${right.text}`,
  level,
  tall: left.tall || right.tall,
});

/** Side by side, with a dot before a digit: `2 x`, but `x · 2`. */
const besideSign = (right: Typeset): string =>
  /^(\\htmlClass\{marked\}\{)*\d/.test(right.text) ? " \\cdot " : "\\,";

const listed = (items: readonly Pick<Typeset, "text" | "tall">[], sign = ", ") => ({
  text: items.map((x) => x.text).join(sign),
  tall: items.some((x) => x.tall),
});

// ---- expressions

function typeset(e: Expr, scalars: Scalars, marked: ReadonlySet<Expr>): Typeset {
  const x = unmarked(e, scalars, marked);
  return marked.has(e) ? { ...x, text: `${MARK}{${x.text}}` } : x;
}

function unmarked(e: Expr, scalars: Scalars, marked: ReadonlySet<Expr>): Typeset {
  const set = (x: Expr, least: Level = LEVEL.open): Typeset =>
    within(typeset(x, scalars, marked), least);
  switch (e.kind) {
    case "number": {
      const text = latexOfNumber(e.text);
      const level = text.includes("\\cdot") ? "product" : text.includes("^") ? "power" : "atom";
      return { text, level: LEVEL[level], tall: false };
    }
    case "ref":
      return atom(latexOfName(e.name, e.lag));
    case "unary": {
      const x = set(e.operand, LEVEL.product);
      return { ...x, text: `-${x.text}`, level: LEVEL.sum };
    }
    case "binary":
      return binary(e, set, scalars);
    case "call":
      return call(e, set);
    case "apply-dims":
      return atom(`${functionName(e.callee.text)}${angled(e.dims)}`);
    case "pipe": {
      const right = set(e.right, LEVEL.sum);
      return joined(set(e.left), " \\mathbin{\\triangleright} ", right, LEVEL.open);
    }
    case "member": {
      const object =
        e.object.kind === "number" ? fenced("(", ")", set(e.object)) : set(e.object, LEVEL.atom);
      return { ...object, text: `${object.text}.${latexOfName(e.name.text)}` };
    }
    case "record": {
      const fields = e.fields.map(({ name, value }) => {
        const x = set(value);
        return { ...x, text: `${latexOfName(name.text)}\\colon ${x.text}` };
      });
      return fenced("\\{", "\\}", listed(fields));
    }
    default:
      return e satisfies never;
  }
}

type SetExpr = (e: Expr, least?: Level) => Typeset;
type Binary = Extract<Expr, { kind: "binary" }>;

const COMPARISONS: Partial<Readonly<Record<BinaryOp, string>>> = {
  ...{ "<": "<", "<=": "\\le", ">": ">", ">=": "\\ge", "==": "=", "!=": "\\ne" },
};

function binary(e: Binary, set: SetExpr, scalars: Scalars): Typeset {
  switch (e.op) {
    case "+":
    case "-":
      return joined(set(e.left, LEVEL.sum), ` ${e.op} `, set(e.right, LEVEL.product), LEVEL.sum);
    case "@": {
      const right = set(e.right, LEVEL.power);
      return joined(set(e.left, LEVEL.beside), besideSign(right), right, LEVEL.beside);
    }
    case "*": {
      if (!isScalar(e.left, scalars) && !isScalar(e.right, scalars)) {
        const right = set(e.right, LEVEL.beside);
        return joined(set(e.left, LEVEL.product), " \\odot ", right, LEVEL.product);
      }
      const right = set(e.right, LEVEL.power);
      const left = set(e.left, LEVEL.product);
      const tight = besideSign(right) === "\\," && left.level >= LEVEL.beside;
      return joined(left, besideSign(right), right, tight ? LEVEL.beside : LEVEL.product);
    }
    case "/": {
      const text = `\\frac{${set(e.left).text}}{${set(e.right).text}}`;
      return { text, level: LEVEL.beside, tall: true };
    }
    case "^": {
      const base = set(e.left, LEVEL.atom);
      return { ...base, text: `${base.text}^{${set(e.right).text}}`, level: LEVEL.power };
    }
    default:
      return fenced("[", "]", comparison(e, set));
  }
}

function comparison(e: Binary, set: SetExpr): Typeset {
  const sign = COMPARISONS[e.op] ?? "=";
  return joined(set(e.left, LEVEL.sum), ` ${sign} `, set(e.right, LEVEL.sum), LEVEL.open);
}

function call(e: Extract<Expr, { kind: "call" }>, set: SetExpr): Typeset {
  const values = e.args.flatMap((a) => (a.kind === "positional" ? [a.value] : []));
  const plain = e.dims === null && values.length === e.args.length;
  const form = plain ? formOf(e.callee.text, values.length) : null;
  if (form !== null) return formed(form, values, set);
  const args = listed(e.args.map((a) => argument(a, set)));
  const { text, tall } = fenced("(", ")", args);
  return { ...atom(`${functionName(e.callee.text)}${angled(e.dims ?? [])}${text}`), tall };
}

function formed(form: Form, values: readonly Expr[], set: SetExpr): Typeset {
  const [a, b, c] = values as [Expr, Expr, Expr];
  switch (form) {
    case "cases": {
      const when = a.kind === "binary" && a.op in COMPARISONS ? comparison(a, set) : set(a);
      const rows = `${set(b).text} & \\text{if } ${when.text} \\\\ ${set(c).text} & \\text{otherwise}`;
      return { text: `\\begin{cases} ${rows} \\end{cases}`, level: LEVEL.open, tall: true };
    }
    case "root":
      return { ...atom(`\\sqrt{${set(a).text}}`), tall: set(a).tall };
    case "absolute":
      return fenced("\\lvert ", "\\rvert ", set(a));
    case "transpose": {
      const m = set(a, LEVEL.atom);
      return { ...m, text: `${m.text}^{\\top}`, level: LEVEL.power };
    }
    case "dot":
      return joined(set(a, LEVEL.atom), "^{\\top}\\,", set(b, LEVEL.power), LEVEL.beside);
    case "outer": {
      const right = set(b, LEVEL.atom);
      const transposed = { ...right, text: `${right.text}^{\\top}` };
      return joined(set(a, LEVEL.power), besideSign(right), transposed, LEVEL.beside);
    }
    case "concat":
      return fenced(
        "[",
        "]",
        listed(
          values.map((v) => set(v)),
          ";\\, ",
        ),
      );
    case "part": {
      const v = set(a, LEVEL.atom);
      const [from, to] = sliceOf(b, c);
      return { ...v, text: `${v.text}[${set(from).text}{:}${set(to).text}]` };
    }
    default:
      return form satisfies never;
  }
}

function argument(a: Arg, set: SetExpr): Pick<Typeset, "text" | "tall"> {
  switch (a.kind) {
    case "positional":
      return set(a.value);
    case "named": {
      const value = set(a.value);
      return { ...value, text: `${latexOfName(a.name.text)} = ${value.text}` };
    }
    case "target": {
      const shape = a.shape.dims.map((d) => latexOfDim(d)).join(", ");
      const of = a.of === null ? "" : `\\text{ of }${latexOfDim(a.of)}`;
      return { text: `${latexOfName(a.name.text)}\\colon [${shape}]${of}`, tall: false };
    }
    default:
      return a satisfies never;
  }
}

const angled = (dims: readonly DimExpr[]): string =>
  dims.length === 0 ? "" : `\\langle ${dims.map((d) => latexOfDim(d)).join(", ")}\\rangle `;
