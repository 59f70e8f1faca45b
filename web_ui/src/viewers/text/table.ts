/** Values and texts that are tables. */

export interface Table {
  columns: readonly string[];
  rows: readonly (readonly unknown[])[];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isFlat = (value: unknown): boolean => typeof value !== 'object' || value === null;

/** A list as a table: of objects that share keys, or of equally long lists; null if it is none. */
export function tableOf(value: unknown): Table | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  if (value.every(isRecord)) return ofRecords(value);
  if (value.length > 1 && value.every((row) => Array.isArray(row) && row.every(isFlat))) {
    const rows = value as unknown[][];
    const width = rows[0]!.length;
    if (width < 2 || rows.some((row) => row.length !== width)) return null;
    return { columns: rows[0]!.map((_, at) => String(at + 1)), rows };
  }
  return null;
}

/** Objects are a table if most of their keys are those of the others too. */
function ofRecords(records: readonly Record<string, unknown>[]): Table | null {
  const counts = new Map<string, number>();
  for (const record of records)
    for (const key of Object.keys(record)) counts.set(key, (counts.get(key) ?? 0) + 1);
  if (counts.size === 0 || counts.size > 200) return null;
  const filled = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (filled < (counts.size * records.length) / 2) return null;
  const columns = [...counts.keys()];
  return { columns, rows: records.map((record) => columns.map((key) => record[key])) };
}

/** A text of comma or tab separated values (RFC 4180); its first row names the columns. */
export function parseCsv(text: string): Table | null {
  const source = text.replace(/^\ufeff/, '');
  const head = source.slice(0, (source.indexOf('\n') + 1 || source.length + 1) - 1);
  const mark = [',', ';', '\t'].reduce((best, one) =>
    head.split(one).length > head.split(best).length ? one : best,
  );
  const rows = records(source, mark);
  const first = rows.shift();
  if (!first) return null;
  const width = rows.reduce((most, row) => Math.max(most, row.length), first.length);
  const columns = Array.from({ length: width }, (_, at) => first[at] ?? String(at + 1));
  return { columns, rows: rows.map((row) => columns.map((_, at) => row[at] ?? '')) };
}

function records(source: string, mark: string): string[][] {
  const found: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < source.length; at++) {
    const letter = source[at]!;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (source[at + 1] === '"') cell += source[++at]!;
      else quoted = false;
    } else if (letter === '"' && cell === '') quoted = true;
    else if (letter === mark) {
      row.push(cell);
      cell = '';
    } else if (letter === '\n') {
      found.push([...row, cell.replace(/\r$/, '')]);
      row = [];
      cell = '';
    } else cell += letter;
  }
  if (cell !== '' || row.length) found.push([...row, cell]);
  return found.filter((one) => one.length > 1 || one[0] !== '');
}

/** What stands in a cell, as text. */
export const cellText = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string);
};

/** A table as text that spreadsheets take when it is pasted. */
export const toTsv = ({ columns, rows }: Table): string =>
  [columns, ...rows]
    .map((row) => row.map((one) => cellText(one).replace(/[\t\n\r]+/g, ' ')).join('\t'))
    .join('\n');
