import { ArrowRightFromLine } from 'lucide-react';
import { memo, useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Json } from '@/core/document';
import type { Row } from '@/core/geometry';
import type { Binding } from '@/core/project';
import { useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import { AreaEdge } from './AreaEdge';
import { Editor } from './Editor';
import { valueText } from './fields/valueText';
import { useInputTexts } from './inputTexts';
import css from './NodeCard.module.css';

interface Props {
  id: string;
  row: Row;
  value: Json | undefined;
  /** Whether the value was set, and is not the default. */
  own: boolean;
  binding: Binding | undefined;
  linked: boolean;
  /** What is wrong with it, in words. */
  problem: string | undefined;
  /** Whether the canvas is near enough to type; else the value is only told. */
  near: boolean;
  disabled: boolean;
}

/** An input that a value can be typed into; linked, it only says its name. */
export const FieldRow = memo(function FieldRow(props: Props) {
  const { id, row, value, own, binding, linked, problem, near, disabled } = props;
  const { t } = useTranslation('fields');
  const labelId = useId();
  const port = row.input!;
  return (
    <div
      className={css.row}
      style={{ top: row.y, height: row.height }}
      data-field={row.field}
      data-port={port.name}
      data-side="input"
      data-area={row.area > 0 || undefined}
      data-linked={linked || undefined}
      data-problem={problem !== undefined || undefined}
    >
      <PortLabel id={labelId} row={row} binding={binding} own={own && !linked} problem={problem} />
      {!linked && !near && <span className={css.value}>{valueText(port, value, t)}</span>}
      {!linked && near && (
        <div className={`nodrag nokey ${css.field}`}>
          <Editor
            id={id}
            port={port}
            kind={row.field}
            value={value}
            binding={binding}
            area={row.area}
            disabled={disabled}
            labelId={labelId}
          />
          {row.area > 0 && !disabled && <AreaEdge id={id} port={port.name} area={row.area} />}
        </div>
      )}
      {!linked && near && own && port.default !== undefined && !disabled && (
        <Reset id={id} row={row} />
      )}
    </div>
  );
});

interface LabelProps {
  id?: string;
  row: Row;
  binding: Binding | undefined;
  own?: boolean;
  problem?: string | undefined;
}

/** The name of an input. One that a named input of the workflow sets has that one's, and a mark. */
export function PortLabel({ id, row, binding, own, problem }: LabelProps) {
  const { t } = useTranslation('fields');
  const port = row.input!;
  const bound = binding && t('bound', { name: binding.name });
  const said = useInputTexts(binding?.name);
  const label = said.label ?? binding?.input.label ?? port.label;
  return (
    <span
      id={id}
      className={css.label}
      data-port={port.name}
      data-side="input"
      title={
        problem ??
        [label, bound, said.text ?? binding?.input.help ?? port.help].filter(Boolean).join('\n')
      }
      data-bound={binding !== undefined || undefined}
      data-own={own || undefined}
    >
      {binding && <ArrowRightFromLine size={11} aria-hidden />}
      {label}
    </span>
  );
}

/** A dot that says that the value is not the default, and brings that back. */
function Reset({ id, row }: { id: string; row: Row }) {
  const { t } = useTranslation('fields');
  const store = useDocumentStore();
  const port = row.input!;
  const name = t('reset', { port: port.label, value: valueText(port, port.default, t) });
  return (
    <button
      type="button"
      className={`nodrag nokey ${css.reset}`}
      title={name}
      aria-label={name}
      onClick={() => {
        store.run({
          do: 'setValue',
          graph: shownGraph(store.getState()),
          node: id,
          port: port.name,
        });
        store.seal();
      }}
    />
  );
}
