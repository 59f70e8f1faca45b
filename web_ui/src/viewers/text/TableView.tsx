import { useVirtualizer } from '@tanstack/react-virtual';
import { Copy } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { copyText } from '../copying';
import { Bar, Choice, Gap, WordButton } from '../parts';
import { JsonTree } from './JsonTree';
import { cellText, toTsv, type Table } from './table';
import css from './text.module.css';

interface Props {
  table: Table;
  /** What it is made of, to be seen as a tree too. */
  value?: unknown;
  title: string;
}

const ROW = 33;
/** Widths are chosen by what stands in the first rows, in letters. */
const LOOKED_AT = 50;
const [NARROW, WIDE] = [6, 44];

const widthsOf = ({ columns, rows }: Table): number[] =>
  columns.map((name, at) => {
    const longest = rows
      .slice(0, LOOKED_AT)
      .reduce((most, row) => Math.max(most, cellText(row[at]).length), name.length);
    return Math.min(WIDE, Math.max(NARROW, longest));
  });

/** Rows and columns; only the rows that are seen are there. */
export function TableView({ table, value, title }: Props) {
  const { t } = useTranslation('viewers');
  const [as, setAs] = useState<'table' | 'tree'>('table');
  return (
    <div className={css.viewer}>
      {as === 'tree' ? (
        <JsonTree value={value} title={title} />
      ) : (
        <Rows table={table} title={title} />
      )}
      <Bar label={t('tools')}>
        <span>{t('table.size', { rows: table.rows.length, columns: table.columns.length })}</span>
        <Gap />
        <WordButton label={t('table.copy')} onClick={() => void copyText(toTsv(table))}>
          <Copy size={14} aria-hidden />
          {t('table.copy')}
        </WordButton>
        {value !== undefined && (
          <Choice<'table' | 'tree'>
            label={t('table.as')}
            value={as}
            options={[
              { value: 'table', label: t('table.table') },
              { value: 'tree', label: t('table.tree') },
            ]}
            onChange={setAs}
          />
        )}
      </Bar>
    </div>
  );
}

function Rows({ table, title }: { table: Table; title: string }) {
  const scroll = useRef<HTMLDivElement>(null);
  const columns = useMemo(
    () =>
      `56px ${widthsOf(table)
        .map((letters) => `${letters * 8 + 24}px`)
        .join(' ')}`,
    [table],
  );
  // eslint-disable-next-line react-hooks/incompatible-library -- it draws what is in view, each time
  const rows = useVirtualizer({
    count: table.rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  return (
    <div
      ref={scroll}
      className={css.table}
      role="table"
      aria-label={title}
      aria-rowcount={table.rows.length + 1}
      tabIndex={0}
      data-viewer="table"
      style={{ ['--columns' as string]: columns }}
    >
      <div className={css.head} role="row" aria-rowindex={1}>
        <span className={`${css.cell} ${css.place}`} role="columnheader" aria-label="#" />
        {table.columns.map((name, at) => (
          <span key={at} className={css.cell} role="columnheader" title={name}>
            {name}
          </span>
        ))}
      </div>
      <div role="rowgroup" style={{ position: 'relative', height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => (
          <div
            key={index}
            className={css.row}
            role="row"
            aria-rowindex={index + 2}
            style={{ transform: `translateY(${start}px)` }}
          >
            <span className={`${css.cell} ${css.place}`} role="rowheader">
              {index + 1}
            </span>
            {table.rows[index]!.map((cell, at) => (
              <span
                key={at}
                className={css.cell}
                role="cell"
                title={cellText(cell)}
                data-number={typeof cell === 'number' || undefined}
              >
                {cellText(cell)}
              </span>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
