// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { nodeType, type PortFacts } from '@/core/catalogue';
import type { Json } from '@/core/document';
import { fieldKind, type FieldKind } from '@/core/fields';
import { startTexts } from '@/i18n';
import { readColor } from './ColorField';
import { FIELDS } from './registry';
import type { Seeding } from './types';

beforeAll(() => startTexts('en'));
afterEach(cleanup);

const portOf = (facts: PortFacts) =>
  nodeType({
    id: 'test.node',
    version: '1',
    title: 'Test',
    text: '',
    inputs: { value: facts },
    outputs: {},
  }).inputs[0]!;

interface Shown {
  values: (Json | undefined)[];
  /** How often the field was left. */
  done(): number;
}

/** A field whose value comes back only when `settle` is called, as it does through the canvas. */
function show(facts: PortFacts, value: Json | undefined, options: { seeding?: Seeding } = {}) {
  const port = portOf(facts);
  const values: (Json | undefined)[] = [];
  let done = 0;
  let settle = (): void => {};
  const Field = FIELDS[fieldKind(port, true) as Exclude<FieldKind, 'none'>];
  function Host() {
    const [now, setNow] = useState(value);
    settle = () => setNow(values.at(-1));
    return (
      <>
        <span id="label">Value</span>
        <Field
          port={port}
          value={now}
          area={72}
          disabled={false}
          labelId="label"
          seeding={options.seeding}
          onChange={(next) => values.push(next)}
          onDone={() => (done += 1)}
        />
      </>
    );
  }
  render(<Host />);
  const shown: Shown & { settle(): void } = {
    values,
    done: () => done,
    settle: () => act(() => settle()),
  };
  return shown;
}

const named = (role: string) => screen.getByRole(role, { name: /Value/ });
const type = (element: Element, text: string) => {
  fireEvent.change(element, { target: { value: text } });
};
const number: PortFacts = {
  type: 'Integer',
  default: 8,
  schema: { minimum: 0, maximum: 2048 },
};

describe('a number', () => {
  const edit = (text: string, key = 'Enter') => {
    fireEvent.doubleClick(named('spinbutton'));
    const input = named('spinbutton');
    type(input, text);
    fireEvent.keyDown(input, { key });
  };

  it('S4: takes a sum when it is double-clicked and typed into', () => {
    const { values } = show(number, 8);
    edit('1024/2');
    expect(values).toEqual([512]);
    expect(named('spinbutton').textContent).toBe('512');
  });

  it('is marked whole when it is opened, one digit as well, and not when a digit opened it', () => {
    show(number, 8);
    const marked = (open: (element: Element) => void): string => {
      open(named('spinbutton'));
      const input = named('spinbutton') as HTMLInputElement;
      const part = input.value.slice(input.selectionStart ?? 0, input.selectionEnd ?? 0);
      fireEvent.keyDown(input, { key: 'Escape' });
      return part;
    };
    expect(marked((element) => fireEvent.keyDown(element, { key: 'Enter' }))).toBe('8');
    expect(marked((element) => fireEvent.doubleClick(element))).toBe('8');
    expect(marked((element) => fireEvent.keyDown(element, { key: '7' }))).toBe('');
  });

  it('S4: stays within its bounds and on whole steps', () => {
    const { values } = show(number, 8);
    edit('99999');
    edit('3.6');
    expect(values).toEqual([2048, 4]);
  });

  it('says why a text is no number, and keeps the value', () => {
    const { values } = show(number, 8);
    edit('1,5');
    expect(screen.getByRole('alert').textContent).toContain('has a comma');
    fireEvent.keyDown(named('spinbutton'), { key: 'Escape' });
    expect(values).toEqual([]);
    expect(named('spinbutton').textContent).toBe('8');
  });

  it('steps with the arrow keys, finer with Shift and coarser with Ctrl', () => {
    const { values, settle } = show({ type: 'Number', schema: { minimum: 0, maximum: 1 } }, 0.5);
    const press = (key: string, keys: object = {}) => {
      fireEvent.keyDown(named('spinbutton'), { key, ...keys });
      settle();
    };
    press('ArrowUp');
    press('ArrowDown', { ctrlKey: true });
    press('ArrowUp', { shiftKey: true });
    press('End');
    expect(values).toEqual([0.51, 0.41, 0.411, 1]);
  });

  it('begins to be typed with the key that is pressed, and no key gets past it', () => {
    show(number, 8);
    let past = 0;
    const heard = () => (past += 1);
    window.addEventListener('keydown', heard);
    fireEvent.keyDown(named('spinbutton'), { key: 'Backspace' });
    fireEvent.keyDown(named('spinbutton'), { key: 'Escape' });
    fireEvent.keyDown(named('spinbutton'), { key: '3' });
    window.removeEventListener('keydown', heard);
    expect(past).toBe(0);
    expect((named('spinbutton') as HTMLInputElement).value).toBe('3');
  });

  it('is told to those who do not see it', () => {
    show(number, 8);
    const field = named('spinbutton');
    expect(field.getAttribute('aria-valuenow')).toBe('8');
    expect(field.getAttribute('aria-valuemax')).toBe('2048');
  });
});

describe('a text', () => {
  it('shows what is typed although it comes back later, and forgets it when another value comes', () => {
    const { values, settle } = show({ type: 'Text' }, 'a');
    const input = named('textbox') as HTMLInputElement;
    type(input, 'ab');
    type(input, 'abc');
    expect(input.value).toBe('abc');
    settle();
    expect(input.value).toBe('abc');
    values.push('undone');
    settle();
    expect(input.value).toBe('undone');
  });

  it('is not taken while an input method composes', () => {
    const { values } = show({ type: 'Text' }, '');
    const input = named('textbox') as HTMLInputElement;
    fireEvent.compositionStart(input);
    fireEvent.input(input, { target: { value: 'ni h' }, isComposing: true });
    fireEvent.input(input, { target: { value: '你好' }, isComposing: true });
    expect(input.value).toBe('你好');
    expect(values).toEqual([]);
    fireEvent.compositionEnd(input, { data: '你好' });
    expect(values).toEqual(['你好']);
  });
});

describe('other kinds', () => {
  it('a switch turns over', () => {
    const { values, done } = show({ type: 'Boolean' }, false);
    fireEvent.click(named('switch'));
    expect(values).toEqual([true]);
    expect(done()).toBe(1);
  });

  it('L2: a menu has the words of the language, and keeps a word that it does not know', () => {
    const { values } = show(
      { type: 'Choice["a","b"]', choices: { a: 'Anna', b: 'Berta' } },
      'gone',
    );
    const menu = named('combobox') as HTMLSelectElement;
    expect([...menu.options].map((one) => one.text)).toEqual(['gone', 'Anna', 'Berta']);
    fireEvent.change(menu, { target: { value: 'b' } });
    expect(values).toEqual(['b']);
  });

  it('a long menu is searched', () => {
    const words = Array.from({ length: 20 }, (_, at) => `word ${at}`);
    const { values } = show({ type: `Choice[${words.map((w) => `"${w}"`).join(',')}]` }, 'word 0');
    fireEvent.click(named('button'));
    type(screen.getByPlaceholderText('Search …'), '17');
    fireEvent.keyDown(screen.getByPlaceholderText('Search …'), { key: 'Enter' });
    expect(values).toEqual(['word 17']);
  });

  it.each([
    ['#ABC', undefined, '#aabbcc'],
    ['24507a', undefined, '#24507a'],
    ['#24507a80', undefined, '#24507a80'],
    ['#24507a80', '^#[0-9a-fA-F]{6}$', null],
    ['blue', undefined, null],
    ['#12345', undefined, null],
  ])('the colour %s, where %s is taken, is %s', (text, pattern, color) => {
    expect(readColor(text, pattern)).toBe(color);
  });

  it('a colour from the swatch keeps how much shows through', () => {
    const { values } = show({ type: 'Text', schema: { format: 'color' } }, '#24507a80');
    fireEvent.input(screen.getByLabelText('Choose a colour'), { target: { value: '#ff0000' } });
    expect(values).toEqual(['#ff000080']);
  });

  it('a list of texts has one a line', () => {
    const { values } = show({ type: 'list[Text]' }, ['one']);
    type(named('textbox'), 'one\n\ntwo\n');
    expect(values).toEqual([['one', '', 'two']]);
    expect((named('textbox') as HTMLTextAreaElement).value).toBe('one\n\ntwo\n');
  });

  it('texts of several lines in a list are not torn apart: they are edited as JSON', () => {
    show({ type: 'list[Text]' }, ['one\ntwo']);
    expect((named('textbox') as HTMLTextAreaElement).value).toContain('"one\\ntwo"');
  });

  it('a list of numbers has commas, and sums in it', () => {
    const { values } = show({ type: 'list[Integer]' }, [1]);
    type(named('textbox'), '1, 4*2，x');
    expect(values).toEqual([]);
    expect(screen.getByRole('alert').textContent).toContain('“x”');
    type(named('textbox'), '1, 4*2');
    expect(values).toEqual([[1, 8]]);
  });

  it('JSON that does not parse says where, and the value stays', () => {
    const { values } = show({ type: 'Json' }, { a: 1 });
    type(named('textbox'), '{"a": 1,\n}');
    expect(screen.getByRole('alert').textContent).toContain('line 2');
    expect(values).toEqual([]);
    type(named('textbox'), '{"a": 2}');
    expect(screen.queryByRole('alert')).toBeNull();
    expect(values).toEqual([{ a: 2 }]);
  });

  it('what may be left out says so, can be given, and taken away again', () => {
    const facts: PortFacts = {
      type: 'Integer | None',
      schema: { anyOf: [{ type: 'integer', minimum: 1, maximum: 100 }, { type: 'null' }] },
    };
    const { values, settle } = show(facts, undefined);
    fireEvent.click(named('button'));
    expect(values).toEqual([1]);
    settle();
    expect(named('spinbutton').getAttribute('aria-valuemax')).toBe('100');
    fireEvent.click(screen.getByRole('button', { name: 'Leave it out' }));
    expect(values.at(-1)).toBeUndefined();
  });

  it('R7: a seed can be drawn anew, and says how it goes on', () => {
    const seeding: Seeding = { mode: 'random', onMode: () => {} };
    const { values } = show({ type: 'Seed', default: 0 }, 5, { seeding });
    expect(
      screen.getByRole('button', { name: 'The next run: A new seed for each run' }),
    ).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Draw another seed now' }));
    expect(Number.isSafeInteger(values[0])).toBe(true);
    expect(values[0]).not.toBe(5);
  });

  it('a file that is not given is asked for; one that is has a name', () => {
    show({ type: 'Image' }, undefined);
    expect(screen.getByRole('button', { name: /Choose a file/ })).toBeTruthy();
    cleanup();
    const { values } = show(
      { type: 'Image' },
      { asset: `blake3:${'0'.repeat(64)}`, name: 'boat.png', media: 'image/png' },
    );
    expect(screen.getByText('boat.png')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Take the file away' }));
    expect(values).toEqual([undefined]);
  });
});
