/** @file Nodes of concrete dims and expressions, generated from `expression-parser.ts`: a test compares
 *  the two. In: nothing. Out: the type of every rule's node, as in a text without mistakes. */
import type { CstNode, IToken } from "chevrotain";

export interface NamesCstNode extends CstNode {
  name: "names";
  children: NamesCstChildren;
}

export type NamesCstChildren = {
  Identifier: IToken[];
  Comma?: IToken[];
};

export interface DimParamsCstNode extends CstNode {
  name: "dimParams";
  children: DimParamsCstChildren;
}

export type DimParamsCstChildren = {
  Less: IToken[];
  dimParam: DimParamCstNode[];
  Comma?: IToken[];
  Greater: IToken[];
};

export interface DimParamCstNode extends CstNode {
  name: "dimParam";
  children: DimParamCstChildren;
}

export type DimParamCstChildren = {
  Identifier: IToken[];
  Equal?: IToken[];
  dim?: DimCstNode[];
};

export interface DimArgsCstNode extends CstNode {
  name: "dimArgs";
  children: DimArgsCstChildren;
}

export type DimArgsCstChildren = {
  Less: IToken[];
  dim: DimCstNode[];
  Comma?: IToken[];
  Greater: IToken[];
};

export interface ShapeCstNode extends CstNode {
  name: "shape";
  children: ShapeCstChildren;
}

export type ShapeCstChildren = {
  LSquare: IToken[];
  dim?: DimCstNode[];
  Comma?: IToken[];
  RSquare: IToken[];
};

export interface ClassesCstNode extends CstNode {
  name: "classes";
  children: ClassesCstChildren;
}

export type ClassesCstChildren = {
  Of: IToken[];
  dim: DimCstNode[];
};

export interface DimCstNode extends CstNode {
  name: "dim";
  children: DimCstChildren;
}

export type DimCstChildren = {
  dimTerm: DimTermCstNode[];
  Plus?: IToken[];
  Minus?: IToken[];
};

export interface DimTermCstNode extends CstNode {
  name: "dimTerm";
  children: DimTermCstChildren;
}

export type DimTermCstChildren = {
  dimAtom: DimAtomCstNode[];
  Star?: IToken[];
  Slash?: IToken[];
};

export interface DimAtomCstNode extends CstNode {
  name: "dimAtom";
  children: DimAtomCstChildren;
}

export type DimAtomCstChildren = {
  NumberLiteral?: IToken[];
  Identifier?: IToken[];
  LParen?: IToken[];
  dim?: DimCstNode[];
  RParen?: IToken[];
};

export interface ExprCstNode extends CstNode {
  name: "expr";
  children: ExprCstChildren;
}

export type ExprCstChildren = {
  comparison: ComparisonCstNode[];
  Pipe?: IToken[];
};

export interface ComparisonCstNode extends CstNode {
  name: "comparison";
  children: ComparisonCstChildren;
}

export type ComparisonCstChildren = {
  sum: SumCstNode[];
  Less?: IToken[];
  LessEqual?: IToken[];
  Greater?: IToken[];
  GreaterEqual?: IToken[];
  EqualEqual?: IToken[];
  NotEqual?: IToken[];
};

export interface SumCstNode extends CstNode {
  name: "sum";
  children: SumCstChildren;
}

export type SumCstChildren = {
  product: ProductCstNode[];
  Plus?: IToken[];
  Minus?: IToken[];
};

export interface ProductCstNode extends CstNode {
  name: "product";
  children: ProductCstChildren;
}

export type ProductCstChildren = {
  signed: SignedCstNode[];
  Star?: IToken[];
  Slash?: IToken[];
  At?: IToken[];
};

export interface SignedCstNode extends CstNode {
  name: "signed";
  children: SignedCstChildren;
}

export type SignedCstChildren = {
  Minus?: IToken[];
  power: PowerCstNode[];
};

export interface PowerCstNode extends CstNode {
  name: "power";
  children: PowerCstChildren;
}

export type PowerCstChildren = {
  postfix: PostfixCstNode[];
  exponent?: ExponentCstNode[];
};

export interface ExponentCstNode extends CstNode {
  name: "exponent";
  children: ExponentCstChildren;
}

export type ExponentCstChildren = {
  Caret: IToken[];
  Minus?: IToken[];
  postfix: PostfixCstNode[];
};

export interface PostfixCstNode extends CstNode {
  name: "postfix";
  children: PostfixCstChildren;
}

export type PostfixCstChildren = {
  primary: PrimaryCstNode[];
  suffix?: SuffixCstNode[];
};

export interface SuffixCstNode extends CstNode {
  name: "suffix";
  children: SuffixCstChildren;
}

export type SuffixCstChildren = {
  index?: IndexCstNode[];
  Dot?: IToken[];
  Word?: IToken[];
};

export interface IndexCstNode extends CstNode {
  name: "index";
  children: IndexCstChildren;
}

export type IndexCstChildren = {
  LSquare: IToken[];
  expr: ExprCstNode[];
  RSquare: IToken[];
};

export interface PrimaryCstNode extends CstNode {
  name: "primary";
  children: PrimaryCstChildren;
}

export type PrimaryCstChildren = {
  NumberLiteral?: IToken[];
  named?: NamedCstNode[];
  group?: GroupCstNode[];
  record?: RecordCstNode[];
};

export interface NamedCstNode extends CstNode {
  name: "named";
  children: NamedCstChildren;
}

export type NamedCstChildren = {
  Identifier: IToken[];
  dimArgs?: DimArgsCstNode[];
  args?: ArgsCstNode[];
};

export interface GroupCstNode extends CstNode {
  name: "group";
  children: GroupCstChildren;
}

export type GroupCstChildren = {
  LParen: IToken[];
  expr: ExprCstNode[];
  RParen: IToken[];
};

export interface ArgsCstNode extends CstNode {
  name: "args";
  children: ArgsCstChildren;
}

export type ArgsCstChildren = {
  LParen: IToken[];
  arg?: ArgCstNode[];
  Comma?: IToken[];
  RParen: IToken[];
};

export interface ArgCstNode extends CstNode {
  name: "arg";
  children: ArgCstChildren;
}

export type ArgCstChildren = {
  Word?: IToken[];
  Equal?: IToken[];
  expr?: ExprCstNode[];
  Colon?: IToken[];
  shape?: ShapeCstNode[];
  classes?: ClassesCstNode[];
};

export interface RecordCstNode extends CstNode {
  name: "record";
  children: RecordCstChildren;
}

export type RecordCstChildren = {
  LCurly: IToken[];
  field?: FieldCstNode[];
  Comma?: IToken[];
  RCurly: IToken[];
};

export interface FieldCstNode extends CstNode {
  name: "field";
  children: FieldCstChildren;
}

export type FieldCstChildren = {
  Word: IToken[];
  Colon: IToken[];
  expr: ExprCstNode[];
};
