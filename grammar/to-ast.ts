/** @file Concrete syntax to the tree: files and items. In: what the parser built, mistakes and all.
 *  Out: a `SourceFile` of everything that is whole; reports of what is not allowed. Never throws. */
import type { IToken } from "chevrotain";
import type {
  CellDecl,
  DimParam,
  FnDecl,
  Import,
  Item,
  ModelDecl,
  SourceFile,
  TrainDecl,
  TrainSetting,
} from "./ast.ts";
import type * as C from "./cst.ts";
import { type Context, isWhole, nameOf, nodesInTextOrder, only, spanOf } from "./cst-tools.ts";
import { error, nearest } from "./diagnostic.ts";
import { tokenSpan } from "./lex.ts";
import type { Span } from "./span.ts";
import { toDim, toDims, toShape } from "./to-ast-dim.ts";
import { toExpr } from "./to-ast-expression.ts";
import { type MemberContext, toMembers } from "./to-ast-member.ts";
import { SETTINGS } from "./tokens.ts";

type ItemNode =
  | C.ImportDeclCstNode
  | C.FnDeclCstNode
  | C.CellDeclCstNode
  | C.ModelDeclCstNode
  | C.TrainDeclCstNode;

export function toAst(cst: C.FileCstNode, span: Span, ctx: MemberContext): SourceFile {
  const { importDecl, fnDecl, cellDecl, modelDecl, trainDecl } = cst.children;
  const nodes = nodesInTextOrder<ItemNode>(importDecl, fnDecl, cellDecl, modelDecl, trainDecl);
  const imports: Import[] = [];
  const items: Item[] = [];
  for (const node of nodes) {
    if (node.name === "importDecl") {
      const built = ctx.unlessSpoiled(node, () => toImport(node, ctx));
      if (built === null) continue;
      imports.push(built);
      if (items.length > 0)
        ctx.report(
          error("E112", built.span, "imports come before declarations", {
            label: "after a declaration",
            help: "move it to the top of the file",
          }),
        );
    } else {
      const item = toItem(node, ctx);
      if (item !== null) items.push(item);
    }
  }
  return { kind: "file", imports, items, span };
}

/** Null where even its name is missing. */
function toItem(node: Exclude<ItemNode, C.ImportDeclCstNode>, ctx: MemberContext): Item | null {
  switch (node.name) {
    case "fnDecl":
      return ctx.unlessSpoiled(node, () => toFn(node, ctx));
    case "cellDecl":
      return isNamed(node) ? toCell(node, ctx) : null;
    case "modelDecl":
      return isNamed(node) ? toModel(node, ctx) : null;
    case "trainDecl":
      return isNamed(node) ? toTrain(node, ctx) : null;
    default:
      return node satisfies never;
  }
}

function isNamed(node: {
  readonly children: { readonly Identifier?: readonly IToken[] };
}): boolean {
  const [name] = node.children.Identifier ?? [];
  return name !== undefined && name.isInsertedInRecovery !== true;
}

function toImport(node: C.ImportDeclCstNode, ctx: Context): Import {
  const path = only(node.children.StringLiteral);
  return {
    kind: "import",
    names: only(node.children.names).children.Identifier.map((name) => nameOf(name, ctx)),
    from: path.image.slice(1, -1),
    fromSpan: tokenSpan(path, ctx.file),
    span: spanOf(node, ctx),
  };
}

function toFn(node: C.FnDeclCstNode, ctx: MemberContext): FnDecl {
  const { children } = node;
  return {
    kind: "fn",
    name: nameOf(only(children.Identifier), ctx),
    doc: ctx.doc(only(children.Fn)),
    params: (children.fnParam ?? []).map((param) => ({
      name: nameOf(only(param.children.Identifier), ctx),
      shape: toShape(only(param.children.shape), ctx),
    })),
    returns: toShape(only(children.shape), ctx),
    body: toExpr(only(children.expr), ctx),
    span: spanOf(node, ctx),
  };
}

function toCell(node: C.CellDeclCstNode, ctx: MemberContext): CellDecl {
  const { children } = node;
  return {
    kind: "cell",
    name: nameOf(only(children.Identifier), ctx),
    doc: ctx.doc(only(children.Cell)),
    dims: toDimParams(children.dimParams, ctx),
    extends: toExtends(children.extendsClause, ctx),
    members: toMembers(children.body, "cell", ctx),
    span: spanOf(node, ctx),
  };
}

function toModel(node: C.ModelDeclCstNode, ctx: MemberContext): ModelDecl {
  const { children } = node;
  return {
    kind: "model",
    name: nameOf(only(children.Identifier), ctx),
    doc: ctx.doc(only(children.Model)),
    dims: toDimParams(children.dimParams, ctx),
    members: toMembers(children.body, "model", ctx),
    span: spanOf(node, ctx),
  };
}

function toExtends(
  clauses: readonly C.ExtendsClauseCstNode[] | undefined,
  ctx: MemberContext,
): CellDecl["extends"] {
  const [node] = (clauses ?? []).filter(isWhole);
  if (node === undefined) return null;
  const { Identifier, dimArgs } = node.children;
  return {
    name: nameOf(only(Identifier), ctx),
    dims: dimArgs === undefined ? [] : toDims(only(dimArgs), ctx),
    span: spanOf(node, ctx),
  };
}

function toDimParams(
  lists: readonly C.DimParamsCstNode[] | undefined,
  ctx: MemberContext,
): readonly DimParam[] {
  const params = (lists ?? []).flatMap((list) => list.children.dimParam ?? []);
  return params.filter(isWhole).map(({ children: { Identifier, dim } }) => ({
    name: nameOf(only(Identifier), ctx),
    default: dim === undefined ? null : toDim(only(dim), ctx),
  }));
}

function toTrain(node: C.TrainDeclCstNode, ctx: MemberContext): TrainDecl {
  const { children } = node;
  return {
    kind: "train",
    name: nameOf(only(children.Identifier), ctx),
    doc: ctx.doc(only(children.Train)),
    settings: (children.setting ?? []).flatMap(
      (setting) => ctx.unlessSpoiled(setting, () => toSetting(setting, ctx)) ?? [],
    ),
    span: spanOf(node, ctx),
  };
}

function toSetting(node: C.SettingCstNode, ctx: Context): TrainSetting {
  const { SettingKey, Identifier, expr } = node.children;
  const key = nameOf(only(SettingKey), ctx);
  if (!SETTINGS.some((known) => known === key.text)) {
    const meant = nearest(key.text, SETTINGS);
    ctx.report(
      error("E111", key.span, `\`${key.text}\` is not a train setting`, {
        label: `wanted one of ${SETTINGS.join(", ")}`,
        help: meant === null ? null : `did you mean \`${meant}\`?`,
      }),
    );
  }
  return {
    key,
    word: Identifier === undefined ? null : nameOf(only(Identifier), ctx),
    value:
      expr === undefined ? null : toExpr(only(expr), { ...ctx, targets: key.text === SETTINGS[0] }),
    span: spanOf(node, ctx),
  };
}
