/** @file Nodes of concrete items and members, generated from `parser.ts`: a test compares the two. In:
 *  nothing. Out: the type of every rule's node, as in a text without mistakes. */
import type { CstNode, IToken } from "chevrotain";
import type {
  ArgsCstNode,
  ClassesCstNode,
  DimArgsCstNode,
  DimParamsCstNode,
  ExprCstNode,
  IndexCstNode,
  NamesCstNode,
  ShapeCstNode,
} from "./cst-expression.ts";

export type * from "./cst-expression.ts";

export interface FileCstNode extends CstNode {
  name: "file";
  children: FileCstChildren;
}

export type FileCstChildren = {
  importDecl?: ImportDeclCstNode[];
  fnDecl?: FnDeclCstNode[];
  cellDecl?: CellDeclCstNode[];
  modelDecl?: ModelDeclCstNode[];
  trainDecl?: TrainDeclCstNode[];
};

export interface ImportDeclCstNode extends CstNode {
  name: "importDecl";
  children: ImportDeclCstChildren;
}

export type ImportDeclCstChildren = {
  Import: IToken[];
  LCurly: IToken[];
  names: NamesCstNode[];
  RCurly: IToken[];
  From: IToken[];
  StringLiteral: IToken[];
};

export interface FnDeclCstNode extends CstNode {
  name: "fnDecl";
  children: FnDeclCstChildren;
}

export type FnDeclCstChildren = {
  Fn: IToken[];
  Identifier: IToken[];
  LParen: IToken[];
  fnParam?: FnParamCstNode[];
  Comma?: IToken[];
  RParen: IToken[];
  Arrow: IToken[];
  shape: ShapeCstNode[];
  Equal: IToken[];
  expr: ExprCstNode[];
};

export interface FnParamCstNode extends CstNode {
  name: "fnParam";
  children: FnParamCstChildren;
}

export type FnParamCstChildren = {
  Identifier: IToken[];
  Colon: IToken[];
  shape: ShapeCstNode[];
};

export interface CellDeclCstNode extends CstNode {
  name: "cellDecl";
  children: CellDeclCstChildren;
}

export type CellDeclCstChildren = {
  Cell: IToken[];
  Identifier: IToken[];
  dimParams?: DimParamsCstNode[];
  extendsClause?: ExtendsClauseCstNode[];
  body: BodyCstNode[];
};

export interface ExtendsClauseCstNode extends CstNode {
  name: "extendsClause";
  children: ExtendsClauseCstChildren;
}

export type ExtendsClauseCstChildren = {
  Extends: IToken[];
  Identifier: IToken[];
  dimArgs?: DimArgsCstNode[];
};

export interface ModelDeclCstNode extends CstNode {
  name: "modelDecl";
  children: ModelDeclCstChildren;
}

export type ModelDeclCstChildren = {
  Model: IToken[];
  Identifier: IToken[];
  dimParams?: DimParamsCstNode[];
  body: BodyCstNode[];
};

export interface BodyCstNode extends CstNode {
  name: "body";
  children: BodyCstChildren;
}

export type BodyCstChildren = {
  LCurly: IToken[];
  member?: MemberCstNode[];
  RCurly: IToken[];
};

export interface TrainDeclCstNode extends CstNode {
  name: "trainDecl";
  children: TrainDeclCstChildren;
}

export type TrainDeclCstChildren = {
  Train: IToken[];
  Identifier: IToken[];
  LCurly: IToken[];
  setting?: SettingCstNode[];
  RCurly: IToken[];
};

export interface SettingCstNode extends CstNode {
  name: "setting";
  children: SettingCstChildren;
}

export type SettingCstChildren = {
  SettingKey: IToken[];
  Identifier?: IToken[];
  expr?: ExprCstNode[];
};

export interface MemberCstNode extends CstNode {
  name: "member";
  children: MemberCstChildren;
}

export type MemberCstChildren = {
  inputDecl?: InputDeclCstNode[];
  memoryDecl?: MemoryDeclCstNode[];
  stateDecl?: StateDeclCstNode[];
  paramDecl?: ParamDeclCstNode[];
  constDecl?: ConstDeclCstNode[];
  equation?: EquationCstNode[];
  outputDecl?: OutputDeclCstNode[];
};

export interface InputDeclCstNode extends CstNode {
  name: "inputDecl";
  children: InputDeclCstChildren;
}

export type InputDeclCstChildren = {
  Input: IToken[];
  names: NamesCstNode[];
  Colon: IToken[];
  shape: ShapeCstNode[];
  classes?: ClassesCstNode[];
};

export interface MemoryDeclCstNode extends CstNode {
  name: "memoryDecl";
  children: MemoryDeclCstChildren;
}

export type MemoryDeclCstChildren = {
  Memory: IToken[];
  names: NamesCstNode[];
  Colon: IToken[];
  shape: ShapeCstNode[];
};

export interface StateDeclCstNode extends CstNode {
  name: "stateDecl";
  children: StateDeclCstChildren;
}

export type StateDeclCstChildren = {
  State: IToken[];
  names: NamesCstNode[];
  Colon: IToken[];
  shape: ShapeCstNode[];
  Equal?: IToken[];
  learned?: LearnedCstNode[];
  expr?: ExprCstNode[];
};

export interface LearnedCstNode extends CstNode {
  name: "learned";
  children: LearnedCstChildren;
}

export type LearnedCstChildren = {
  Learn: IToken[];
  LParen: IToken[];
  initialiser: InitialiserCstNode[];
  RParen: IToken[];
};

export interface ParamDeclCstNode extends CstNode {
  name: "paramDecl";
  children: ParamDeclCstChildren;
}

export type ParamDeclCstChildren = {
  Param: IToken[];
  names: NamesCstNode[];
  Colon: IToken[];
  shape: ShapeCstNode[];
  Tilde: IToken[];
  initialiser: InitialiserCstNode[];
};

export interface InitialiserCstNode extends CstNode {
  name: "initialiser";
  children: InitialiserCstChildren;
}

export type InitialiserCstChildren = {
  Identifier?: IToken[];
  Const?: IToken[];
  args?: ArgsCstNode[];
};

export interface ConstDeclCstNode extends CstNode {
  name: "constDecl";
  children: ConstDeclCstChildren;
}

export type ConstDeclCstChildren = {
  Const: IToken[];
  Identifier: IToken[];
  Equal: IToken[];
  expr: ExprCstNode[];
};

export interface EquationCstNode extends CstNode {
  name: "equation";
  children: EquationCstChildren;
}

export type EquationCstChildren = {
  Gate?: IToken[];
  Let?: IToken[];
  Identifier?: IToken[];
  StatementName?: IToken[];
  index?: IndexCstNode[];
  Equal: IToken[];
  expr: ExprCstNode[];
};

export interface OutputDeclCstNode extends CstNode {
  name: "outputDecl";
  children: OutputDeclCstChildren;
}

export type OutputDeclCstChildren = {
  Output: IToken[];
  outputName: OutputNameCstNode[];
  Comma?: IToken[];
  Equal?: IToken[];
  expr?: ExprCstNode[];
};

export interface OutputNameCstNode extends CstNode {
  name: "outputName";
  children: OutputNameCstChildren;
}

export type OutputNameCstChildren = {
  Identifier: IToken[];
  index?: IndexCstNode[];
};
