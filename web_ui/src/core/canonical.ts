/**
 * JSON text that is the same for equal values (RFC 8785), the text of a workflow file, and a reader
 * that refuses what could not be written back: what `engine/musegraph/values/canonical.py` does,
 * held to it by `tests/contract/canonical.json` and `workflows.json`.
 */

import type { Json } from './document';

/** A value that is nested deeper than this is neither read nor written. */
export const MAX_DEPTH = 200;

/** The members of a workflow document whose written order is kept, because people read them so. */
const ORDERED = new Set(['inputs', 'outputs', 'nodes']);

export type UnreadableKey =
  | 'json.syntax'
  | 'json.duplicate'
  | 'json.constant'
  | 'json.integer'
  | 'json.range'
  | 'json.depth'
  | 'json.surrogate';

/** A text that cannot be read. What to tell the user is a key of `i18n` and what stands in it. */
export class UnreadableJson extends Error {
  readonly key: UnreadableKey;
  readonly args: Readonly<Record<string, string | number>>;

  constructor(key: UnreadableKey, args: Readonly<Record<string, string | number>>) {
    super(`${key} ${JSON.stringify(args)}`);
    this.name = 'UnreadableJson';
    this.key = key;
    this.args = args;
  }
}

/** A value that JSON has no text for: a mistake of whoever made it. */
export class NotJson extends TypeError {
  override readonly name = 'NotJson';
}

// -- writing -------------------------------------------------------------------------------------

/** The RFC 8785 text of a JSON value. Members that are `undefined` are left out. */
export function canonical(value: Json): string {
  return compact(value, 0);
}

/**
 * A workflow document as text: canonical numbers, texts and key order, indented by two.
 *
 * The members of `inputs`, `outputs` and `nodes`, in the document and in each of its `graphs`, stay
 * in their written order. (Names there are identifiers: JavaScript would put numerals first.)
 */
export function pretty(document: { [name: string]: Json | undefined }): string {
  return indented(document, '', 0, 'document') + '\n';
}

function compact(value: Json, depth: number): string {
  if (typeof value !== 'object' || value === null) return scalar(value, depth);
  checkDepth(depth);
  if (Array.isArray(value)) {
    return `[${value.map((item) => compact(item, depth + 1)).join(',')}]`;
  }
  const members = keysOf(value).sort();
  return `{${members.map((key) => `${quoted(key)}:${compact(value[key]!, depth + 1)}`).join(',')}}`;
}

/** Which part of a workflow document a value is, as far as the order of its keys depends on it. */
type Place = 'document' | 'graphs' | 'ordered' | null;

function indented(value: Json, indent: string, depth: number, place: Place): string {
  if (typeof value !== 'object' || value === null) return scalar(value, depth);
  checkDepth(depth);
  return Array.isArray(value)
    ? indentedArray(value, indent, depth)
    : indentedObject(value, indent, depth, place);
}

function indentedArray(items: readonly Json[], indent: string, depth: number): string {
  const inner = indent + '  ';
  const texts = items.map((item) => indented(item, inner, depth + 1, null));
  const flat = items.every((item) => typeof item !== 'object' || item === null);
  return flat ? `[${texts.join(', ')}]` : `[\n${inner}${texts.join(`,\n${inner}`)}\n${indent}]`;
}

function indentedObject(
  value: { [name: string]: Json | undefined },
  indent: string,
  depth: number,
  place: Place,
): string {
  const keys = keysOf(value);
  if (!keys.length) return '{}';
  if (place !== 'ordered') keys.sort();
  const inner = indent + '  ';
  const lines = keys.map(
    (key) => `${quoted(key)}: ${indented(value[key]!, inner, depth + 1, placeOf(place, key))}`,
  );
  return `{\n${inner}${lines.join(`,\n${inner}`)}\n${indent}}`;
}

function placeOf(parent: Place, key: string): Place {
  if (parent === 'graphs') return 'document';
  if (parent !== 'document') return null;
  return ORDERED.has(key) ? 'ordered' : key === 'graphs' ? 'graphs' : null;
}

// `sort()` without a comparison goes by UTF-16 code units, as RFC 8785 asks.
const keysOf = (value: { [name: string]: Json | undefined }): string[] =>
  Object.keys(value).filter((key) => value[key] !== undefined);

function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH) throw new NotJson(`the value is nested more than ${MAX_DEPTH} deep`);
}

function scalar(value: null | boolean | number | string, depth: number): string {
  checkDepth(depth);
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new NotJson(`${value} is not a JSON number`);
  }
  // RFC 8785 takes numbers and escapes from ECMAScript.
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) {
    return String(value);
  }
  throw new NotJson(`a ${typeof value} is not JSON`);
}

/** Signs that stand for themselves: no quote, backslash, control character or half of a pair. */
const PLAIN = /^[^\0-\x1f"\\\ud800-\udfff]*$/;

function quoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new NotJson('the text holds half a surrogate pair');
  return JSON.stringify(text);
}

// -- reading -------------------------------------------------------------------------------------

/**
 * JSON text to a value; throws {@link UnreadableJson} for what is no JSON, and for what would be
 * lost or changed: keys that stand twice, integers that no double holds, half surrogate pairs.
 */
export function readJson(text: string): Json {
  return new Reader(text).whole();
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const CONSTANT = /NaN|-?Infinity/y;
const WORDS: readonly [string, Json][] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** Signs of a number in a message: enough to find it by. */
const SHOWN = 24;

class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  whole(): Json {
    this.skip();
    const value = this.value(0);
    this.skip();
    if (this.at < this.text.length) this.fail();
    return value;
  }

  private get code(): number {
    return this.text.charCodeAt(this.at);
  }

  private skip(): void {
    for (; ; this.at += 1) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }

  /** Whether a sign stands here; goes past it and the white space after it if so. */
  private take(sign: number): boolean {
    if (this.text.charCodeAt(this.at) !== sign) return false;
    this.at += 1;
    this.skip();
    return true;
  }

  private fail(): never {
    const before = this.text.slice(0, this.at);
    const line = before.split('\n').length;
    throw new UnreadableJson('json.syntax', { line, column: this.at - before.lastIndexOf('\n') });
  }

  private value(depth: number): Json {
    if (depth > MAX_DEPTH) throw new UnreadableJson('json.depth', { depth: MAX_DEPTH });
    if (this.code === QUOTE) return this.string();
    if (this.take(OPEN_OBJECT)) return this.object(depth);
    if (this.take(OPEN_ARRAY)) return this.array(depth);
    return this.code >= 0x61 ? this.word() : this.number();
  }

  private word(): Json {
    for (const [word, value] of WORDS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.fail();
  }

  private array(depth: number): Json[] {
    const items: Json[] = [];
    if (this.code !== CLOSE_ARRAY) {
      do {
        items.push(this.value(depth + 1));
        this.skip();
      } while (this.take(COMMA));
    }
    if (this.code !== CLOSE_ARRAY) this.fail();
    this.at += 1;
    return items;
  }

  private object(depth: number): { [name: string]: Json } {
    const made: { [name: string]: Json } = {};
    if (this.code !== CLOSE_OBJECT) {
      do {
        if (this.code !== QUOTE) this.fail();
        const key = this.string();
        if (Object.hasOwn(made, key)) throw new UnreadableJson('json.duplicate', { key });
        this.skip();
        if (!this.take(COLON)) this.fail();
        put(made, key, this.value(depth + 1));
        this.skip();
      } while (this.take(COMMA));
    }
    if (this.code !== CLOSE_OBJECT) this.fail();
    this.at += 1;
    return made;
  }

  private string(): string {
    const { text } = this;
    const start = this.at;
    let plain = true;
    for (this.at += 1; ; this.at += 1) {
      const code = text.charCodeAt(this.at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        plain = false;
        this.at += 1;
      } else if (!(code >= 0x20)) {
        this.fail(); // a control character, or the end of the text, where the code is NaN
      } else if (code >= 0xd800 && code <= 0xdfff) plain = false;
    }
    this.at += 1;
    return plain ? text.slice(start + 1, this.at - 1) : this.escaped(start);
  }

  private escaped(start: number): string {
    let value: string;
    try {
      value = JSON.parse(this.text.slice(start, this.at)) as string;
    } catch {
      this.at = start;
      return this.fail();
    }
    if (!value.isWellFormed()) throw new UnreadableJson('json.surrogate', {});
    return value;
  }

  private number(): number {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.text);
    if (!match) return this.noNumber();
    const [digits, fraction, exponent] = match;
    this.at += digits.length;
    const value = Number(digits);
    if (digits.length < 16 && exponent === undefined) return value + 0; // minus zero is zero
    const number = digits.length > SHOWN ? digits.slice(0, SHOWN) + '…' : digits;
    if (!Number.isFinite(value)) throw new UnreadableJson('json.range', { number });
    // Whole doubles beyond 2^53 are written out up to 1e21; any other digits would be changed.
    const whole = fraction === undefined && exponent === undefined;
    if (whole && !Number.isSafeInteger(value) && String(value) !== digits) {
      throw new UnreadableJson('json.integer', { number });
    }
    return value + 0;
  }

  private noNumber(): never {
    CONSTANT.lastIndex = this.at;
    const word = CONSTANT.exec(this.text)?.[0];
    if (word !== undefined) throw new UnreadableJson('json.constant', { word });
    return this.fail();
  }
}

function put(made: { [name: string]: Json }, key: string, value: Json): void {
  if (key === '__proto__') {
    const own = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(made, key, own);
  } else made[key] = value;
}
