/** @file The grammar. In: marked tokens. Out: a concrete syntax tree, and the parser's own errors.
 *  Never builds meaning: `to-ast.ts` does, and what reads well but is not allowed is refused there. */
import {
  type IParserErrorMessageProvider,
  type IRecognitionException,
  type IToken,
  tokenMatcher,
} from "chevrotain";
import type { FileCstNode } from "./cst.ts";
import { ExpressionParser } from "./expression-parser.ts";
import * as T from "./tokens.ts";

export interface Parsed {
  /** Null where there were more mistakes than recovery can pass. */
  readonly cst: FileCstNode | null;
  /** Each message is what was wanted, in words; `syntax-errors.ts` adds what was got. */
  readonly errors: readonly IRecognitionException[];
}

/** Never throws. Chevrotain recovers recursively: some thousand mistakes in one list end its stack. */
export function parseTokens(tokens: readonly IToken[]): Parsed {
  PARSER.input = [...tokens];
  try {
    const cst = PARSER.file() as FileCstNode;
    return { cst, errors: PARSER.errors };
  } catch (thrown) {
    if (thrown instanceof RangeError) return { cst: null, errors: PARSER.errors };
    throw thrown;
  }
}

const WANTED: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, ruleName }) => {
    if (expected === T.RParen && (ruleName === "args" || ruleName === "fnDecl"))
      return "`,` or `)`";
    if (expected === T.RSquare && ruleName === "shape") return "`,` or `]`";
    if (expected === T.Greater) return "`,` or `>`";
    if (expected === T.RCurly && ruleName === "record") return "`,` or `}`";
    return T.describe(expected);
  },
  buildNotAllInputParsedMessage: () => WORDS.item,
  buildNoViableAltMessage: ({ ruleName }) =>
    WORDS[ruleName as keyof typeof WORDS] ?? "something else",
  buildEarlyExitMessage: () => "something else",
};

/** What a rule with several openings wants, where none fits. */
const WORDS = {
  item: "`cell`, `model`, `fn`, `train` or `import`",
  dimAtom: "a dim",
  primary: "an expression",
  arg: "an argument",
  initialiser: "an initialiser",
  stateDecl: "an initial value",
} as const;

export class CellParser extends ExpressionParser {
  /** `validated`: also looks for mistakes in the grammar itself, which takes as long as the rest. */
  constructor(validated = false) {
    super({
      recoveryEnabled: true,
      nodeLocationTracking: "full",
      maxLookahead: 2,
      skipValidations: !validated,
      errorMessageProvider: WANTED,
    });
    this.performSelfAnalysis();
  }

  readonly file = this.RULE("file", () => {
    this.MANY(() =>
      this.OR([
        { ALT: () => this.SUBRULE(this.importDecl) },
        { ALT: () => this.SUBRULE(this.fnDecl) },
        { ALT: () => this.SUBRULE(this.cellDecl) },
        { ALT: () => this.SUBRULE(this.modelDecl) },
        { ALT: () => this.SUBRULE(this.trainDecl) },
      ]),
    );
  });

  // ---- items

  private readonly importDecl = this.RULE("importDecl", () => {
    this.CONSUME(T.Import);
    this.CONSUME(T.LCurly);
    this.SUBRULE(this.names);
    this.CONSUME(T.RCurly);
    this.CONSUME(T.From);
    this.CONSUME(T.StringLiteral);
  });

  private readonly fnDecl = this.RULE("fnDecl", () => {
    this.CONSUME(T.Fn);
    this.CONSUME(T.Identifier);
    this.CONSUME(T.LParen);
    this.MANY_SEP({ SEP: T.Comma, DEF: () => this.SUBRULE(this.fnParam) });
    this.CONSUME(T.RParen);
    this.CONSUME(T.Arrow);
    this.SUBRULE(this.shape);
    this.CONSUME(T.Equal);
    this.SUBRULE(this.expr);
  });

  private readonly fnParam = this.RULE("fnParam", () => {
    this.CONSUME(T.Identifier);
    this.CONSUME(T.Colon);
    this.SUBRULE(this.shape);
  });

  private readonly cellDecl = this.RULE("cellDecl", () => {
    this.CONSUME(T.Cell);
    this.CONSUME(T.Identifier);
    this.OPTION(() => this.SUBRULE(this.dimParams));
    this.OPTION1(() => this.SUBRULE(this.extendsClause));
    this.SUBRULE(this.body);
  });

  private readonly extendsClause = this.RULE("extendsClause", () => {
    this.CONSUME(T.Extends);
    this.CONSUME(T.Identifier);
    this.OPTION(() => this.SUBRULE(this.dimArgs));
  });

  private readonly modelDecl = this.RULE("modelDecl", () => {
    this.CONSUME(T.Model);
    this.CONSUME(T.Identifier);
    this.OPTION(() => this.SUBRULE(this.dimParams));
    this.SUBRULE(this.body);
  });

  private readonly body = this.RULE("body", () => {
    this.CONSUME(T.LCurly);
    this.MANY(() => this.SUBRULE(this.member));
    this.CONSUME(T.RCurly);
  });

  private readonly trainDecl = this.RULE("trainDecl", () => {
    this.CONSUME(T.Train);
    this.CONSUME(T.Identifier);
    this.CONSUME(T.LCurly);
    this.MANY(() => this.SUBRULE(this.setting));
    this.CONSUME(T.RCurly);
  });

  private readonly setting = this.RULE("setting", () => {
    this.CONSUME(T.SettingKey);
    this.OPTION({
      GATE: () => tokenMatcher(this.LA(2), T.NumberLiteral),
      DEF: () => this.CONSUME(T.Identifier),
    });
    this.OPTION1(() => this.SUBRULE(this.expr));
  });

  // ---- members of cells and models

  private readonly member = this.RULE("member", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.inputDecl) },
      { ALT: () => this.SUBRULE(this.memoryDecl) },
      { ALT: () => this.SUBRULE(this.stateDecl) },
      { ALT: () => this.SUBRULE(this.paramDecl) },
      { ALT: () => this.SUBRULE(this.constDecl) },
      { ALT: () => this.SUBRULE(this.equation) },
      { ALT: () => this.SUBRULE(this.outputDecl) },
    ]);
  });

  private readonly inputDecl = this.RULE("inputDecl", () => {
    this.CONSUME(T.Input);
    this.SUBRULE(this.names);
    this.CONSUME(T.Colon);
    this.SUBRULE(this.shape);
    this.OPTION(() => this.SUBRULE(this.classes));
  });

  private readonly memoryDecl = this.RULE("memoryDecl", () => {
    this.CONSUME(T.Memory);
    this.SUBRULE(this.names);
    this.CONSUME(T.Colon);
    this.SUBRULE(this.shape);
  });

  private readonly stateDecl = this.RULE("stateDecl", () => {
    this.CONSUME(T.State);
    this.SUBRULE(this.names);
    this.CONSUME(T.Colon);
    this.SUBRULE(this.shape);
    this.OPTION(() => {
      this.CONSUME(T.Equal);
      this.OR([
        {
          GATE: () => this.LA(2).tokenType === T.LParen,
          ALT: () => this.SUBRULE(this.learned),
        },
        { ALT: () => this.SUBRULE(this.expr) },
      ]);
    });
  });

  private readonly learned = this.RULE("learned", () => {
    this.CONSUME(T.Learn);
    this.CONSUME(T.LParen);
    this.SUBRULE(this.initialiser);
    this.CONSUME(T.RParen);
  });

  private readonly paramDecl = this.RULE("paramDecl", () => {
    this.CONSUME(T.Param);
    this.SUBRULE(this.names);
    this.CONSUME(T.Colon);
    this.SUBRULE(this.shape);
    this.CONSUME(T.Tilde);
    this.SUBRULE(this.initialiser);
  });

  private readonly initialiser = this.RULE("initialiser", () => {
    this.OR([
      { ALT: () => this.CONSUME(T.Identifier) },
      {
        GATE: () => this.LA(2).tokenType === T.LParen,
        ALT: () => this.CONSUME(T.Const),
      },
    ]);
    this.OPTION(() => this.SUBRULE(this.args));
  });

  private readonly constDecl = this.RULE("constDecl", () => {
    this.CONSUME(T.Const);
    this.CONSUME(T.Identifier);
    this.CONSUME(T.Equal);
    this.SUBRULE(this.expr);
  });

  private readonly equation = this.RULE("equation", () => {
    this.OR([
      {
        ALT: () => {
          this.OR1([{ ALT: () => this.CONSUME(T.Gate) }, { ALT: () => this.CONSUME(T.Let) }]);
          this.CONSUME(T.Identifier);
        },
      },
      { ALT: () => this.CONSUME(T.StatementName) },
    ]);
    this.OPTION(() => this.SUBRULE(this.index));
    this.CONSUME(T.Equal);
    this.SUBRULE(this.expr);
  });

  private readonly outputDecl = this.RULE("outputDecl", () => {
    this.CONSUME(T.Output);
    this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => this.SUBRULE(this.outputName) });
    this.OPTION(() => {
      this.CONSUME(T.Equal);
      this.SUBRULE(this.expr);
    });
  });

  private readonly outputName = this.RULE("outputName", () => {
    this.CONSUME(T.Identifier);
    this.OPTION(() => this.SUBRULE(this.index));
  });
}

/** It holds state during one `parseTokens` only, and building it is slow. */
const PARSER = new CellParser();
