/** @file Concrete syntax to the tree: members of cells and models. In: bodies. Out: their members,
 *  those with a mistake left out; reports of what may not stand where it does. Never throws. */
import type { CstNode, IToken } from "chevrotain";
import type {
  CellMember,
  ConstDecl,
  Equation,
  InputDecl,
  MemoryDecl,
  ModelDecl,
  Name,
  OutputDecl,
  ParamDecl,
  StateDecl,
  StateInit,
} from "./ast.ts";
import type * as C from "./cst.ts";
import { type Context, nameOf, only, spanOf } from "./cst-tools.ts";
import { error } from "./diagnostic.ts";
import type { Span } from "./span.ts";
import { toDim, toShape } from "./to-ast-dim.ts";
import { toExpr, toInitialiser, toLag } from "./to-ast-expression.ts";

export interface MemberContext extends Context {
  /** The doc comment above the statement that a token opens, else "". */
  readonly doc: (first: IToken) => string;
  /** What `build` gives; null where the node has a mistake, or `build` reports one. */
  readonly unlessSpoiled: <T>(node: CstNode, build: () => T) => T | null;
}

type ModelMember = ModelDecl["members"][number];
interface MemberOf {
  readonly cell: CellMember;
  readonly model: ModelMember;
}

export function toMembers<K extends keyof MemberOf>(
  bodies: readonly C.BodyCstNode[] | undefined,
  kind: K,
  ctx: MemberContext,
): readonly MemberOf[K][] {
  const nodes = (bodies ?? []).flatMap((body) => body.children.member ?? []);
  return nodes.flatMap((node) => {
    const member = ctx.unlessSpoiled(node, () => toMember(node, kind, ctx));
    if (member === null) return [];
    if (belongs(member, kind)) return [member];
    const got = member.kind === "equation" ? wordOf(member) : member.kind;
    ctx.report(
      error("E110", member.span, `\`${got}\` in a model`, {
        label: "belongs in a cell",
        help: MODEL_HELP,
      }),
    );
    return [];
  });
}

const MODEL_HELP = "a model has `input`, `param`, `const`, `let y = …` and `output y = …`";

function belongs<K extends keyof MemberOf>(
  member: CellMember,
  kind: K,
): member is CellMember & MemberOf[K] {
  if (kind === "cell") return true;
  if (member.kind === "equation") return member.role === "let";
  return member.kind !== "state" && member.kind !== "memory";
}

function wordOf({ role, name }: Equation): string {
  return role === "state" ? `${name.text}[t] =` : role;
}

function toMember(node: C.MemberCstNode, kind: keyof MemberOf, ctx: MemberContext): CellMember {
  const { inputDecl, memoryDecl, stateDecl, paramDecl, constDecl, equation, outputDecl } =
    node.children;
  if (inputDecl !== undefined) return toInput(only(inputDecl), ctx);
  if (memoryDecl !== undefined) return toMemory(only(memoryDecl), ctx);
  if (stateDecl !== undefined) return toState(only(stateDecl), ctx);
  if (paramDecl !== undefined) return toParam(only(paramDecl), ctx);
  if (constDecl !== undefined) return toConst(only(constDecl), ctx);
  if (equation !== undefined) return toEquation(only(equation), kind, ctx);
  return toOutput(only(outputDecl), kind, ctx);
}

function namesOf(nodes: readonly C.NamesCstNode[], ctx: Context): readonly Name[] {
  return only(nodes).children.Identifier.map((name) => nameOf(name, ctx));
}

function toInput(node: C.InputDeclCstNode, ctx: MemberContext): InputDecl {
  const { Input, names, shape, classes } = node.children;
  return {
    kind: "input",
    doc: ctx.doc(only(Input)),
    names: namesOf(names, ctx),
    shape: toShape(only(shape), ctx),
    of: classes === undefined ? null : toDim(only(only(classes).children.dim), ctx),
    span: spanOf(node, ctx),
  };
}

function toMemory(node: C.MemoryDeclCstNode, ctx: MemberContext): MemoryDecl {
  const { Memory, names, shape } = node.children;
  return {
    kind: "memory",
    doc: ctx.doc(only(Memory)),
    names: namesOf(names, ctx),
    shape: toShape(only(shape), ctx),
    span: spanOf(node, ctx),
  };
}

function toState(node: C.StateDeclCstNode, ctx: MemberContext): StateDecl {
  const { State, names, shape } = node.children;
  return {
    kind: "state",
    doc: ctx.doc(only(State)),
    names: namesOf(names, ctx),
    shape: toShape(only(shape), ctx),
    init: toInit(node, ctx),
    span: spanOf(node, ctx),
  };
}

function toInit(
  { children: { learned, expr } }: C.StateDeclCstNode,
  ctx: Context,
): StateInit | null {
  if (learned !== undefined) {
    const node = only(learned);
    const initialiser = toInitialiser(only(node.children.initialiser), ctx);
    return { kind: "learn", initialiser, span: spanOf(node, ctx) };
  }
  if (expr === undefined) return null;
  const value = toExpr(only(expr), ctx);
  return { kind: "value", expr: value, span: value.span };
}

function toParam(node: C.ParamDeclCstNode, ctx: MemberContext): ParamDecl {
  const { Param, names, shape, initialiser } = node.children;
  return {
    kind: "param",
    doc: ctx.doc(only(Param)),
    names: namesOf(names, ctx),
    shape: toShape(only(shape), ctx),
    initialiser: toInitialiser(only(initialiser), ctx),
    span: spanOf(node, ctx),
  };
}

function toConst(node: C.ConstDeclCstNode, ctx: MemberContext): ConstDecl {
  const { Const, Identifier, expr } = node.children;
  return {
    kind: "const",
    doc: ctx.doc(only(Const)),
    name: nameOf(only(Identifier), ctx),
    value: toExpr(only(expr), ctx),
    span: spanOf(node, ctx),
  };
}

function toEquation(node: C.EquationCstNode, kind: keyof MemberOf, ctx: MemberContext): Equation {
  const { Gate, Let, Identifier, StatementName, index, expr } = node.children;
  const role = Gate !== undefined ? "gate" : Let !== undefined ? "let" : "state";
  const name = nameOf(only(Identifier ?? StatementName), ctx);
  const timed = isTimed(index, name, ctx);
  if (role === "state" && !timed) ctx.report(untimedState(name, kind));
  if (kind === "model" && role === "let" && timed) ctx.report(timedInModel("let", name));
  return {
    kind: "equation",
    doc: ctx.doc(only(Gate ?? Let ?? StatementName)),
    role,
    name,
    timed,
    value: toExpr(only(expr), ctx),
    span: spanOf(node, ctx),
  };
}

function toOutput(node: C.OutputDeclCstNode, kind: keyof MemberOf, ctx: MemberContext): OutputDecl {
  const { Output, outputName, expr } = node.children;
  const names = outputName.map((o) => nameOf(only(o.children.Identifier), ctx));
  const timed = outputName.map((o, i) => isTimed(o.children.index, names[i]!, ctx)).includes(true);
  const name = only(names);
  const span = spanOf(node, ctx);
  if (expr !== undefined && names.length > 1) ctx.report(severalNames(span));
  else if (expr === undefined && timed) ctx.report(outputOfStep(name, span));
  else if (expr !== undefined && kind === "cell" && !timed) ctx.report(untimedOutput(name));
  else if (kind === "model" && timed) ctx.report(timedInModel("output", name));
  return {
    kind: "output",
    doc: ctx.doc(only(Output)),
    names,
    timed,
    value: expr === undefined ? null : toExpr(only(expr), ctx),
    span,
  };
}

/** Whether the left side has `[t]`; any other index is reported. */
function isTimed(index: readonly C.IndexCstNode[] | undefined, name: Name, ctx: Context): boolean {
  if (index === undefined) return false;
  const node = only(index);
  if (toLag(node, { ...ctx, report: () => undefined }) !== 0)
    ctx.report(
      error("E109", spanOf(node, ctx), `an equation gives \`${name.text}\` at step t`, {
        label: "wanted `[t]`",
        help: `write \`${name.text}[t] = …\`; earlier steps are read on the right`,
      }),
    );
  return true;
}

function untimedState({ text, span }: Name, kind: keyof MemberOf) {
  return error("E109", span, `\`${text} = …\` is not an equation`, {
    label: kind === "cell" ? "wanted `[t]` after the name" : "wanted `let` before the name",
    help:
      kind === "cell"
        ? `a state's equation is \`${text}[t] = …\`; what holds for all steps is \`let ${text} = …\``
        : `write \`let ${text} = …\``,
  });
}

function timedInModel(word: string, { text, span }: Name) {
  return error("E109", span, `a model's \`${word}\` is a whole sequence`, {
    label: "wanted no `[t]`",
    help: `write \`${word} ${text} = …\``,
  });
}

function untimedOutput({ text, span }: Name) {
  return error("E109", span, "a cell gives its output step by step", {
    label: "wanted `[t]` after the name",
    help: `write \`output ${text}[t] = …\``,
  });
}

function outputOfStep({ text }: Name, span: Span) {
  return error("E109", span, "`[t]` on an output without an equation", {
    label: "wanted names alone, or `= …`",
    help: `write \`output ${text}\``,
  });
}

function severalNames(span: Span) {
  return error("E115", span, "one value, several names", {
    label: "wanted one name before `=`",
    help: "write one `output` for each",
  });
}
