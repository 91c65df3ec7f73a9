/**
 * CloudWatch's metric math, as far as alarms here use it, with missing values as the User Guide's "Using math expressions
 * with CloudWatch metrics" has them: 0 in arithmetic where the other side has a value; a division by zero has none; IF has
 * none without its condition, 0 where the chosen series has none, and none where the other one has none.
 */

/** One value for each period; undefined: none. */
export type Series = readonly (number | undefined)[];
type Value = number | Series;

/** The series of an expression over `metrics` by their ids. @throws on what is not metric math, or not known here */
export function evaluate(expression: string, metrics: Readonly<Record<string, Series>>): Series {
  const periods = Math.max(...Object.values(metrics).map((series) => series.length));
  const parser = new Parser(expression, metrics, periods);
  const value = parser.whole();
  if (typeof value === 'number') throw new TypeError('the result of an alarm’s expression must be a series');
  return value;
}

const BINDING: Readonly<Record<string, number>> = { '==': 1, '>=': 1, '<=': 1, '+': 2, '-': 2, '*': 3, '/': 3 };

class Parser {
  readonly #tokens: string[];
  readonly #metrics: Readonly<Record<string, Series>>;
  readonly #periods: number;

  constructor(expression: string, metrics: Readonly<Record<string, Series>>, periods: number) {
    this.#tokens = expression.match(/[A-Za-z]\w*|\d+(?:\.\d+)?|==|>=|<=|\S/g) ?? [];
    this.#metrics = metrics;
    this.#periods = periods;
  }

  whole(): Value {
    const value = this.#binary(0);
    if (this.#tokens.length > 0) throw new SyntaxError(`what is ${this.#tokens.join(' ')}?`);
    return value;
  }

  #binary(least: number): Value {
    let left = this.#operand();
    for (;;) {
      const operator = this.#tokens[0] ?? '';
      const binding = BINDING[operator];
      if (binding === undefined || binding <= least) return left;
      this.#tokens.shift();
      left = this.#combine(operator, left, this.#binary(binding));
    }
  }

  #operand(): Value {
    const token = this.#tokens.shift() ?? '';
    if (/^\d/.test(token)) return Number(token);
    if (token === '(') {
      const value = this.#binary(0);
      this.#expect(')');
      return value;
    }
    if (token === 'IF') return this.#if();
    if (token === 'FILL') return this.#fill();
    const series = this.#metrics[token];
    if (series === undefined) throw new SyntaxError(`there is no metric ${token}`);
    return series;
  }

  #if(): Value {
    this.#expect('(');
    const condition = this.#binary(0);
    this.#expect(',');
    const yes = this.#binary(0);
    this.#expect(',');
    const no = this.#binary(0);
    this.#expect(')');
    return this.#each((i) => {
      const met = at(condition, i);
      if (met === undefined) return undefined;
      return met === 0 ? at(no, i) : (at(yes, i) ?? 0);
    });
  }

  #fill(): Value {
    this.#expect('(');
    const series = this.#binary(0);
    this.#expect(',');
    const filler = this.#tokens[0] === 'REPEAT' ? this.#tokens.shift() : this.#binary(0);
    this.#expect(')');
    let last: number | undefined;
    return this.#each((i) => {
      last = at(series, i) ?? (typeof filler === 'string' ? last : undefined);
      return last ?? (typeof filler === 'number' ? filler : undefined);
    });
  }

  #combine(operator: string, left: Value, right: Value): Value {
    return this.#each((i) => {
      const [a, b] = [at(left, i), at(right, i)];
      // A number has no period of its own: with a series, the series’ periods count.
      const there = [left, right].filter((side) => typeof side !== 'number').some((side) => at(side, i) !== undefined);
      if (!there) return undefined;
      return apply(operator, a ?? 0, b ?? 0);
    });
  }

  #each(value: (period: number) => number | undefined): Series {
    return Array.from({ length: this.#periods }, (_, i) => value(i));
  }

  #expect(token: string): void {
    const got = this.#tokens.shift();
    if (got !== token) throw new SyntaxError(`${token} was expected, not ${got ?? 'the end'}`);
  }
}

function at(value: Value, period: number): number | undefined {
  return typeof value === 'number' ? value : value[period];
}

function apply(operator: string, a: number, b: number): number | undefined {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0 ? undefined : a / b;
    case '==':
      return Number(a === b);
    case '>=':
      return Number(a >= b);
    case '<=':
      return Number(a <= b);
    default:
      throw new SyntaxError(`${operator} is not known here`);
  }
}
