/** Numbers as they are typed and dragged: sums are worked out, bounds kept, decimals exact. */

/** What a port's schema says of the number that it takes. */
export interface Bounds {
  readonly integer?: boolean | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly exclusiveMaximum?: number | undefined;
  readonly multipleOf?: number | undefined;
}

export type NumberReason = 'number.empty' | 'number.comma' | 'number.syntax' | 'number.range';

/** What a text stands for, or why it is no number, as a key of `i18n` and what stands in it. */
export type Reading =
  | { readonly value: number; readonly why?: undefined }
  | { readonly why: { readonly key: NumberReason; readonly args: Record<string, string> } };

const MAX_TEXT = 500;

/**
 * The number that was typed: a literal, or a sum such as `1024/2`, `2*(3+1)`, `2^10`, `pi/4`.
 *
 * A comma is refused: `1,5` is one and a half to some and fifteen to others.
 */
export function readNumber(text: string): Reading {
  // NFKC: the digits and signs of a Chinese keyboard are those of any other.
  const plain = text.normalize('NFKC').trim();
  if (!plain) return refused('number.empty', {});
  if (/[,、]/.test(plain)) return refused('number.comma', { text: plain });
  if (plain.length > MAX_TEXT) return refused('number.syntax', { text: plain.slice(0, 40) + '…' });
  const sum = new Sum(plain.replace(/[×∙]/g, '*').replace(/÷/g, '/').replace(/[−–]/g, '-'));
  const value = sum.value();
  if (value === null) return refused('number.syntax', { text: plain });
  if (!Number.isFinite(value)) return refused('number.range', { text: plain });
  return { value: sum.isLiteral ? value : tidy(value) };
}

const refused = (key: NumberReason, args: Record<string, string>): Reading => ({
  why: { key, args },
});

/** The number that was typed, brought within bounds; `kept` says whether that left it as it was. */
export function readWithin(text: string, bounds: Bounds): Reading & { readonly kept?: boolean } {
  const reading = readNumber(text);
  if (reading.why) return reading;
  const value = within(reading.value, bounds);
  return { value, kept: value === reading.value };
}

const TOKEN = /\s*(?:((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)|(pi|π)|(\*\*|[-+*/^()]))/iy;
const MAX_DEPTH = 50;

/** Works out a sum with the usual precedence; powers go from the right, before a sign. */
class Sum {
  isLiteral = true;
  private readonly tokens: (number | string)[] = [];
  private at = 0;
  private depth = 0;
  private broken = false;

  constructor(text: string) {
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length;) {
      const match = TOKEN.exec(text);
      if (!match) {
        this.broken = true;
        return;
      }
      const [, digits, pi, sign] = match;
      this.tokens.push(digits ? Number(digits) : pi ? Math.PI : sign === '^' ? '**' : sign!);
    }
  }

  /** `null` if the text is no sum. */
  value(): number | null {
    const value = this.terms();
    return this.broken || this.at < this.tokens.length ? null : value;
  }

  private take(...signs: string[]): string | null {
    const token = this.tokens[this.at];
    if (typeof token !== 'string' || !signs.includes(token)) return null;
    this.at += 1;
    return token;
  }

  private terms(): number {
    let value = this.factors();
    for (let sign = this.take('+', '-'); sign; sign = this.take('+', '-')) {
      this.isLiteral = false;
      const next = this.factors();
      value = tidy(sign === '+' ? value + next : value - next);
    }
    return value;
  }

  private factors(): number {
    let value = this.signed();
    for (let sign = this.take('*', '/'); sign; sign = this.take('*', '/')) {
      this.isLiteral = false;
      const next = this.signed();
      value = sign === '*' ? value * next : value / next;
    }
    return value;
  }

  private signed(): number {
    if (this.depth > MAX_DEPTH) this.broken = true;
    if (this.broken) return 0;
    this.depth += 1;
    const sign = this.take('+', '-');
    const value = sign ? this.signed() : this.power();
    this.depth -= 1;
    return sign === '-' ? 0 - value : value;
  }

  private power(): number {
    const base = this.atom();
    if (!this.take('**')) return base;
    this.isLiteral = false;
    return base ** this.signed();
  }

  private atom(): number {
    const token = this.tokens[this.at];
    if (typeof token === 'number') {
      this.at += 1;
      return token;
    }
    if (!this.take('(')) return this.fail();
    const value = this.terms();
    return this.take(')') ? value : this.fail();
  }

  private fail(): number {
    this.broken = true;
    return 0;
  }
}

/** Without the dust of binary fractions: 0.1 + 0.2 is 0.3, and a third stays as exact as it is. */
export function tidy(value: number): number {
  if (Number.isInteger(value) || !Number.isFinite(value)) return value;
  const rounded = Number(value.toPrecision(15));
  return String(rounded).length < String(value).length - 2 ? rounded : value;
}

/** How many decimals a number is written with. */
export function decimals(value: number): number {
  const [mantissa, exponent = '0'] = String(value).split('e');
  return Math.max(0, (mantissa!.split('.')[1]?.length ?? 0) - Number(exponent));
}

/** toFixed knows no more. */
const MAX_DECIMALS = 100;

const rounded = (value: number, digits: number): number =>
  Math.abs(value) < 1e21 ? Number(value.toFixed(Math.min(digits, MAX_DECIMALS))) + 0 : value;

/** Multiples of a step that a limit is from 0: near enough counts as there. */
const SLACK = 1e-9;

/** The number nearest to one that a port takes: within the limits, and a multiple of the step. */
export function within(value: number, bounds: Bounds): number {
  const [low, high] = limits(bounds);
  const step = stepOf(bounds);
  if (step !== null) return multipleWithin(value, step, low, high, bounds);
  const { exclusiveMinimum: above, exclusiveMaximum: below } = bounds;
  const nudge = increment(bounds, value);
  let made = Math.min(Math.max(value, low), high);
  if (above !== undefined && made <= above) made = above + nudge;
  if (below !== undefined && made >= below) made = below - nudge;
  return made === value ? value : tidy(made);
}

/** The lowest and the highest number that may stand there, or may not if that end is exclusive. */
function limits({ integer, ...bounds }: Bounds): [number, number] {
  const most = integer ? Number.MAX_SAFE_INTEGER : Number.MAX_VALUE;
  return [
    Math.max(bounds.minimum ?? -most, bounds.exclusiveMinimum ?? -most),
    Math.min(bounds.maximum ?? most, bounds.exclusiveMaximum ?? most),
  ];
}

function stepOf({ integer, multipleOf }: Bounds): number | null {
  if (multipleOf !== undefined && multipleOf > 0) return multipleOf;
  return integer ? 1 : null;
}

function multipleWithin(
  value: number,
  step: number,
  low: number,
  high: number,
  { exclusiveMinimum: above, exclusiveMaximum: below }: Bounds,
): number {
  const digits = decimals(step);
  let least = Math.ceil(low / step - SLACK);
  let most = Math.floor(high / step + SLACK);
  if (above !== undefined && rounded(least * step, digits) <= above) least += 1;
  if (below !== undefined && rounded(most * step, digits) >= below) most -= 1;
  const times = Math.min(Math.max(Math.round(value / step), least), most);
  return rounded(times * step, digits);
}

/**
 * How much one step of dragging adds: the port's own step; for a whole number 1; a hundredth of the
 * range or less, or about a tenth of the number, as a power of ten.
 */
export function increment(bounds: Bounds, value: number): number {
  const step = stepOf(bounds);
  if (step !== null) return step;
  const [low, high] = limits(bounds);
  const range = high - low;
  if (range > 0 && range < Number.MAX_VALUE) return powerOfTen(range / 100);
  return powerOfTen((Math.abs(value) || 1) / 10);
}

const powerOfTen = (value: number): number =>
  Number(`1e${Math.max(-300, Math.floor(Math.log10(value) + SLACK))}`);

/** Which keys are held while a number is dragged: Shift makes it finer, Ctrl coarser. */
export interface Pace {
  readonly fine?: boolean;
  readonly coarse?: boolean;
}

/**
 * The number after dragging by so many steps from where it was. Steps that are too fine for a port
 * with a step of its own add up until they make one.
 */
export function scrub(start: number, steps: number, bounds: Bounds, pace: Pace = {}): number {
  const factor = pace.fine ? 0.1 : pace.coarse ? 10 : 1;
  const each = tidy(increment(bounds, start) * factor);
  const digits = Math.max(decimals(start), decimals(each));
  return within(rounded(start + Math.round(steps) * each, digits), bounds);
}
