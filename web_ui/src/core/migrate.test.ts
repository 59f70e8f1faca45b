import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pretty, readJson } from './canonical';
import { apply } from './commands';
import type { Json, WorkflowDocument } from './document';
import { readDocument, readText, UnreadableWorkflow } from './migrate';

/** A file of each format that there has been: a version that cannot open one has lost users' work. */
const fixture = (format: number): string =>
  readFileSync(new URL(`./testing/format_${format}.json`, import.meta.url), 'utf8');

const text = (document: WorkflowDocument): string =>
  pretty(document as unknown as Record<string, Json>);

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof UnreadableWorkflow) return error.key;
    throw error;
  }
  return '';
};

describe('files of every format (D5)', () => {
  it('opens format 1 and writes it back byte for byte, with what is unknown to it', () => {
    expect(text(readText(fixture(1)))).toBe(fixture(1));
  });

  it('keeps what is unknown through a change and its opposite', () => {
    const opened = readText(fixture(1));
    const at = { graph: '', node: 'odd', port: 'later' } as const;
    const changed = apply(opened, { do: 'setValue', ...at, value: 3 });
    expect(changed).not.toBe(opened);
    expect(text(apply(changed, { do: 'setValue', ...at, value: { deep: [null] } }))).toBe(
      fixture(1),
    );
  });

  it('is the very object where nothing is to be brought forward', () => {
    const value = readJson(fixture(1));
    expect(readDocument(value)).toBe(value);
  });

  it('brings an older format forward step by step', () => {
    const steps = {
      1: (raw: object) => ({ ...raw, renamed: (raw as { old?: Json }).old, old: undefined }),
      2: (raw: object) => ({ ...raw, third: true }),
    };
    const made = readDocument({ musegraph: 1, old: 7, unknown: [1] }, steps, 3);
    expect(text(made)).toBe(
      '{\n  "musegraph": 3,\n  "renamed": 7,\n  "third": true,\n  "unknown": [1]\n}\n',
    );
  });
});

describe('what is no workflow', () => {
  it.each([
    ['{"musegraph": 2}', 'files:read.newer'],
    ['{"musegraph": 0}', 'files:read.older'],
    ['{"nodes": {}}', 'files:read.none'],
    ['[]', 'files:read.none'],
    ['{"musegraph": 1, "nodes": []}', 'files:read.broken'],
    ['{"musegraph": 1, "nodes": {"a": {"type": "b.c", "links": {"x": 3}}}}', 'files:read.broken'],
    ['{"musegraph": 1, "graphs": {"g": {"nodes": {"a": {}}}}}', 'files:read.broken'],
    ['{"musegraph": 1,', 'reading:json.syntax'],
    ['{"musegraph": 1, "musegraph": 1}', 'reading:json.duplicate'],
  ])('%s is refused with a reason', (written, reason) => {
    expect(refusal(() => readText(written))).toBe(reason);
  });

  it('does not mind the mark that some editors put at the start of a file', () => {
    expect(readText('\ufeff{"musegraph": 1}')).toEqual({ musegraph: 1 });
  });
});
