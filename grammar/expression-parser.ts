/** @file The grammar of dims and expressions. In: marked tokens. Out: rules that `parser.ts` builds on.
 *  Never knows a statement: the marks on the tokens end every expression. */
import { CstParser, EOF, type IParserConfig, type TokenType, tokenMatcher } from "chevrotain";
import * as T from "./tokens.ts";

/** Precedence, loose to tight: `|`, comparison, `+ -`, `* / @`, unary `-`, `^`, then index, member, call. */
export class ExpressionParser extends CstParser {
  constructor(config: IParserConfig) {
    super([...T.TOKENS], config);
  }

  protected readonly names = this.RULE("names", () => {
    this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => this.CONSUME(T.Identifier) });
  });

  // ---- dims and shapes

  protected readonly dimParams = this.RULE("dimParams", () => {
    this.CONSUME(T.Less);
    this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => this.SUBRULE(this.dimParam) });
    this.CONSUME(T.Greater);
  });

  protected readonly dimParam = this.RULE("dimParam", () => {
    this.CONSUME(T.Identifier);
    this.OPTION(() => {
      this.CONSUME(T.Equal);
      this.SUBRULE(this.dim);
    });
  });

  protected readonly dimArgs = this.RULE("dimArgs", () => {
    this.CONSUME(T.Less);
    this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => this.SUBRULE(this.dim) });
    this.CONSUME(T.Greater);
  });

  protected readonly shape = this.RULE("shape", () => {
    this.CONSUME(T.LSquare);
    this.MANY_SEP({ SEP: T.Comma, DEF: () => this.SUBRULE(this.dim) });
    this.CONSUME(T.RSquare);
  });

  protected readonly classes = this.RULE("classes", () => {
    this.CONSUME(T.Of);
    this.SUBRULE(this.dim);
  });

  protected readonly dim = this.RULE("dim", () => {
    this.SUBRULE(this.dimTerm);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(T.Plus) }, { ALT: () => this.CONSUME(T.Minus) }]);
      this.SUBRULE1(this.dimTerm);
    });
  });

  protected readonly dimTerm = this.RULE("dimTerm", () => {
    this.SUBRULE(this.dimAtom);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(T.Star) }, { ALT: () => this.CONSUME(T.Slash) }]);
      this.SUBRULE1(this.dimAtom);
    });
  });

  protected readonly dimAtom = this.RULE("dimAtom", () => {
    this.OR([
      { ALT: () => this.CONSUME(T.NumberLiteral) },
      { ALT: () => this.CONSUME(T.Identifier) },
      {
        ALT: () => {
          this.CONSUME(T.LParen);
          this.SUBRULE(this.dim);
          this.CONSUME(T.RParen);
        },
      },
    ]);
  });

  // ---- expressions

  protected readonly expr = this.RULE("expr", () => {
    this.SUBRULE(this.comparison);
    this.MANY(() => {
      this.CONSUME(T.Pipe);
      this.SUBRULE1(this.comparison);
    });
  });

  protected readonly comparison = this.RULE("comparison", () => {
    this.SUBRULE(this.sum);
    this.MANY(() => {
      this.OR([
        { ALT: () => this.CONSUME(T.Less) },
        { ALT: () => this.CONSUME(T.LessEqual) },
        { ALT: () => this.CONSUME(T.Greater) },
        { ALT: () => this.CONSUME(T.GreaterEqual) },
        { ALT: () => this.CONSUME(T.EqualEqual) },
        { ALT: () => this.CONSUME(T.NotEqual) },
      ]);
      this.SUBRULE1(this.sum);
    });
  });

  protected readonly sum = this.RULE("sum", () => {
    this.SUBRULE(this.product);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(T.Plus) }, { ALT: () => this.CONSUME(T.Minus) }]);
      this.SUBRULE1(this.product);
    });
  });

  protected readonly product = this.RULE("product", () => {
    this.SUBRULE(this.signed);
    this.MANY(() => {
      this.OR([
        { ALT: () => this.CONSUME(T.Star) },
        { ALT: () => this.CONSUME(T.Slash) },
        { ALT: () => this.CONSUME(T.At) },
      ]);
      this.SUBRULE1(this.signed);
    });
  });

  protected readonly signed = this.RULE("signed", () => {
    this.MANY(() => this.CONSUME(T.Minus));
    this.SUBRULE(this.power);
  });

  /** `a ^ -b ^ c` is a ^ (-(b ^ c)): a loop, so that a long chain needs no stack. */
  protected readonly power = this.RULE("power", () => {
    this.SUBRULE(this.postfix);
    this.MANY(() => this.SUBRULE(this.exponent));
  });

  protected readonly exponent = this.RULE("exponent", () => {
    this.CONSUME(T.Caret);
    this.MANY(() => this.CONSUME(T.Minus));
    this.SUBRULE(this.postfix);
  });

  protected readonly postfix = this.RULE("postfix", () => {
    this.SUBRULE(this.primary);
    this.MANY(() => this.SUBRULE(this.suffix));
  });

  protected readonly suffix = this.RULE("suffix", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.index) },
      {
        ALT: () => {
          this.CONSUME(T.Dot);
          this.CONSUME(T.Word);
        },
      },
    ]);
  });

  protected readonly index = this.RULE("index", () => {
    this.CONSUME(T.LSquare);
    this.SUBRULE(this.expr);
    this.CONSUME(T.RSquare);
  });

  protected readonly primary = this.RULE("primary", () => {
    this.OR([
      { ALT: () => this.CONSUME(T.NumberLiteral) },
      { ALT: () => this.SUBRULE(this.named) },
      { ALT: () => this.SUBRULE(this.group) },
      { ALT: () => this.SUBRULE(this.record) },
    ]);
  });

  protected readonly named = this.RULE("named", () => {
    this.CONSUME(T.Identifier);
    this.OPTION({ GATE: () => this.dimsFollow(), DEF: () => this.SUBRULE(this.dimArgs) });
    this.OPTION1(() => this.SUBRULE(this.args));
  });

  protected readonly group = this.RULE("group", () => {
    this.CONSUME(T.LParen);
    this.SUBRULE(this.expr);
    this.CONSUME(T.RParen);
  });

  protected readonly args = this.RULE("args", () => {
    this.CONSUME(T.LParen);
    this.MANY_SEP({ SEP: T.Comma, DEF: () => this.SUBRULE(this.arg) });
    this.CONSUME(T.RParen);
  });

  protected readonly arg = this.RULE("arg", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(T.Word);
          this.CONSUME(T.Equal);
          this.SUBRULE(this.expr);
        },
      },
      {
        ALT: () => {
          this.CONSUME1(T.Word);
          this.CONSUME(T.Colon);
          this.SUBRULE(this.shape);
          this.OPTION(() => this.SUBRULE(this.classes));
        },
      },
      { ALT: () => this.SUBRULE1(this.expr) },
    ]);
  });

  protected readonly record = this.RULE("record", () => {
    this.CONSUME(T.LCurly);
    this.MANY_SEP({ SEP: T.Comma, DEF: () => this.SUBRULE(this.field) });
    this.CONSUME(T.RCurly);
  });

  protected readonly field = this.RULE("field", () => {
    this.CONSUME(T.Word);
    this.CONSUME(T.Colon);
    this.SUBRULE(this.expr);
  });

  /**
   * Whether `<` opens dims, as in `GRU<2 * H>`, rather than compares: only words of dims up to a
   * `>`, and after it an argument list, a separator, a closing bracket or the expression's end.
   */
  private dimsFollow(): boolean {
    let depth = 0;
    for (let k = 2; ; k++) {
      const { tokenType } = this.LA(k);
      if (tokenType === T.Greater && depth === 0) return AFTER_DIMS.has(this.LA(k + 1).tokenType);
      if (tokenType === T.LParen) depth++;
      else if (tokenType === T.RParen) depth--;
      else if (!IN_DIMS.has(tokenType) && !tokenMatcher(this.LA(k), T.Identifier)) return false;
      if (depth < 0) return false;
    }
  }
}

const IN_DIMS: ReadonlySet<TokenType> = new Set([
  ...[T.NumberLiteral, T.Plus, T.Minus, T.Star, T.Slash, T.Comma],
]);
const AFTER_DIMS: ReadonlySet<TokenType> = new Set([
  ...[T.Comma, T.LParen, T.RParen, T.RCurly, T.Pipe, EOF],
  ...[...T.ITEM_KEYWORDS, ...T.MEMBER_KEYWORDS, T.StatementName, T.SettingKey],
]);
