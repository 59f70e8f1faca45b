import { useStore, type NodeProps, type ReactFlowState } from '@xyflow/react';
import { ArrowRightToLine, Unplug } from 'lucide-react';
import { memo, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Handle } from '@/canvas/Handle';
import type { CardNode } from '@/canvas/flow';
import { definitionOf } from '@/core/document';
import { familyOf } from '@/core/fields';
import { valueAt, type Row } from '@/core/geometry';
import type { NodeView } from '@/core/project';
import { useDocument, useDocumentStore } from '@/state/context';
import { usePortProblems } from '@/state/runs/problems';
import { useWorkspace } from '@/state/workspace';
import { FieldRow, PortLabel } from './FieldRow';
import { Fold } from './Fold';
import { NodeBoundary } from './NodeBoundary';
import { NodeError } from './NodeError';
import { NodeHeader } from './NodeHeader';
import { useOutputTexts } from './inputTexts';
import css from './NodeCard.module.css';
import { NodePreview } from './NodePreview';
import { useNodePath } from './NodeStatus';
import { NodeWarnings } from './NodeWarnings';
import { OutputValue } from './OutputValue';
import { outputLabel } from './outputLabel';
import { WidthEdge } from './WidthEdge';

/** From here on fields can be typed in; farther away their values are only told. */
const NEAR = 0.5;

const isNear = ({ transform }: ReactFlowState): boolean => transform[2] >= NEAR;

/** What is read rather than seen: its value stands beside the output. */
const WORDS: ReadonlySet<string> = new Set(['text', 'number', 'boolean']);

const isLinked = (view: NodeView, port: string): boolean =>
  view.node.links !== undefined && Object.hasOwn(view.node.links, port);

/** A node as it stands on the canvas. Everything in it stands where the geometry says. */
export const NodeCard = memo(function NodeCard({ data, selected }: NodeProps<CardNode>) {
  return (
    <NodeBoundary view={data.view}>
      <Card view={data.view} selected={selected} />
    </NodeBoundary>
  );
});

/** Keys that mean something else while a part of the node has them than they do on the canvas. */
const OWN_KEYS: ReadonlySet<string> = new Set(['Backspace', 'Delete', 'Tab']);

const keepKeys = (event: KeyboardEvent): void => {
  if (OWN_KEYS.has(event.key)) event.stopPropagation();
};

function Card({ view, selected }: { view: NodeView; selected: boolean }) {
  const near = useStore(isNear);
  const disabled = useDocument((state) => state.readOnly);
  const loaded = useWorkspace(({ catalogue }) => catalogue.types.size > 0);
  const { geometry, node, layout, id } = view;
  const first = view.outputTypes[0];
  const { uid } = useDocumentStore().getState();
  const problems = usePortProblems(uid, useNodePath(id));
  return (
    <article
      className={css.card}
      data-selected={selected || undefined}
      data-mode={node.mode}
      data-unknown={(loaded && !view.ports.known) || undefined}
      data-collapsed={layout?.collapsed || undefined}
      data-graph={definitionOf(node.type) !== null || undefined}
      data-tint={layout?.color}
      data-family={first ? familyOf(first) : 'any'}
      onKeyDown={keepKeys}
    >
      <NodeHeader view={view} selected={selected} />
      {geometry.notice && loaded && <Unknown view={view} {...geometry.notice} />}
      {geometry.rows.map((row) => {
        if (row.field === 'none')
          return (
            <SocketRow
              key={row.y}
              view={view}
              row={row}
              problem={row.input ? problems.get(row.input.name) : undefined}
            />
          );
        const { name } = row.input!;
        return (
          <FieldRow
            key={name}
            id={id}
            row={row}
            {...valueAt(view, row.input!)}
            binding={view.bound[name]}
            linked={isLinked(view, name)}
            problem={problems.get(name)}
            near={near}
            disabled={disabled}
          />
        );
      })}
      {geometry.fold && (
        <Fold
          view={view}
          fold={geometry.fold}
          troubled={geometry.fold.names.some((name) => problems.has(name))}
        />
      )}
      {geometry.preview && (
        <NodePreview view={view} y={geometry.preview.y} height={geometry.preview.height} />
      )}
      {near && !disabled && <WidthEdge id={id} width={geometry.width} />}
      {geometry.inputs.map((handle) => (
        <Handle
          key={`in ${handle.port.name}`}
          node={id}
          port={handle.port}
          type={handle.port.type}
          side="target"
          linked={isLinked(view, handle.port.name)}
          y={handle.y}
        />
      ))}
      {geometry.outputs.map((handle, place) => (
        <Handle
          key={`out ${handle.port.name}`}
          node={id}
          port={handle.port}
          type={view.outputTypes[place] ?? handle.port.type}
          side="source"
          linked
          y={handle.y}
        />
      ))}
      <NodeError id={id} />
      <NodeWarnings id={id} />
    </article>
  );
}

/** An input that takes a link, beside an output. */
function SocketRow({
  view,
  row,
  problem,
}: {
  view: NodeView;
  row: Row;
  problem: string | undefined;
}) {
  const { t } = useTranslation(['fields', 'canvas']);
  const { input, output } = row;
  const result = (output && view.named[output.name]) ?? undefined;
  const called = useOutputTexts(result).label ?? result;
  return (
    <div
      className={css.sockets}
      style={{ top: row.y, height: row.height }}
      data-problem={problem !== undefined || undefined}
    >
      {input && <PortLabel row={row} binding={view.bound[input.name]} problem={problem} />}
      {output && WORDS.has(familyOf(output.type)) && (
        <OutputValue id={view.id} port={output.name} />
      )}
      {output && (
        <span
          className={css.output}
          data-port={output.name}
          data-side="output"
          title={result ? t('result', { name: result }) : output.help || undefined}
          data-result={result !== undefined || undefined}
        >
          {called ?? outputLabel(output, t)}
          {result && <ArrowRightToLine size={11} aria-hidden />}
        </span>
      )}
    </div>
  );
}

/** What stands in a node of a type that is not installed here: nothing of it is lost. */
function Unknown({ view, y, height }: { view: NodeView; y: number; height: number }) {
  const { t } = useTranslation('fields');
  const { type, values } = view.node;
  const graph = definitionOf(type);
  const pack = type.slice(0, type.indexOf('.'));
  const text =
    graph === null ? t('unknown.text', { type, pack }) : t('unknown.graph', { name: graph });
  const kept = t('unknown.kept', { count: Object.keys(values ?? {}).length });
  return (
    <p className={css.notice} style={{ top: y, height }} title={`${text} ${kept}`}>
      <Unplug size={14} aria-hidden />
      <span>{text}</span>
    </p>
  );
}
