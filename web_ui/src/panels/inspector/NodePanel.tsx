import { CircleSlash, MoveRight, Play } from 'lucide-react';
import { createElement } from 'react';
import { useTranslation } from 'react-i18next';
import { definitionOf, type Mode, type NodeLayout } from '@/core/document';
import { canShow } from '@/core/geometry';
import type { NodeView } from '@/core/project';
import { iconOf } from '@/node/icons';
import { nodeTitle } from '@/node/title';
import { useDocument, useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import { Button } from '@/ui/Button';
import css from './Inspector.module.css';
import { idFault } from './names';
import { NodeInputs } from './NodeInputs';
import { NodeOutputs } from './NodeOutputs';
import { Area, Help, Line, Property, Section, Segments, Swatches, Switch } from './parts';
import { RepeatSection } from './RepeatSection';

/** One node, with everything that can be said of it. */
export function NodePanel({ view }: { view: NodeView }) {
  const { t } = useTranslation('inspector');
  const disabled = useDocument((state) => state.readOnly);
  return (
    <>
      <About view={view} disabled={disabled} />
      {!view.ports.known && <Kept view={view} />}
      <NodeInputs view={view} disabled={disabled} />
      <NodeOutputs view={view} disabled={disabled} />
      {definitionOf(view.node.type) !== null && <RepeatSection view={view} disabled={disabled} />}
      {view.node.pin && <Pinned view={view} disabled={disabled} />}
      <Section title={t('look')}>
        <Look view={view} disabled={disabled} />
      </Section>
    </>
  );
}

interface Props {
  view: NodeView;
  disabled: boolean;
}

/** What it is called, and what it is. */
function About({ view, disabled }: Props) {
  const { t } = useTranslation('inspector');
  const store = useDocumentStore();
  const catalogue = useDocument((state) => state.catalogue);
  const graph = (): string => shownGraph(store.getState());
  const { id, node, layout } = view;
  const type = catalogue.types.get(node.type);
  const pack = type && catalogue.packs.get(type.pack);
  const definition = definitionOf(node.type);
  const usual = nodeTitle({ node, layout: undefined }, catalogue);
  return (
    <section className={css.about}>
      <div className={css.heading}>
        {createElement(iconOf(view), { size: 18, strokeWidth: 1.75, 'aria-hidden': true })}
        <Line
          value={layout?.title ?? usual}
          label={t('title')}
          placeholder={usual}
          disabled={disabled}
          onCommit={(text) =>
            store.run({
              do: 'setLayout',
              graph: graph(),
              node: id,
              layout: { title: text === usual ? null : text || null },
            })
          }
        />
      </div>
      <p className={css.facts}>
        <code>{node.type}</code>
        {pack && type && (
          <span>{t('packVersion', { pack: pack.title, version: type.version })}</span>
        )}
      </p>
      {type?.text && <Help text={type.text} />}
      {definition !== null && view.ports.known && (
        <Button onClick={() => store.enter(id)}>{t('enter')}</Button>
      )}
      <Property label={t('id')}>
        {(labelId) => (
          <Line
            mono
            value={id}
            labelId={labelId}
            disabled={disabled}
            fault={(text) => idFault(text, store.getState().projected.graph.nodes)}
            onCommit={(to) => {
              store.run({ do: 'renameNode', graph: graph(), node: id, to });
              store.select([to]);
            }}
          />
        )}
      </Property>
    </section>
  );
}

/** The values of a node whose type is unknown: they can be read, and stay as they are. */
function Kept({ view }: { view: NodeView }) {
  const { t } = useTranslation(['inspector', 'fields']);
  const { type, values } = view.node;
  const graph = definitionOf(type);
  const entries = Object.entries(values ?? {});
  return (
    <Section title={t('unknown')}>
      <p className={css.hint}>
        {graph === null
          ? t('fields:unknown.text', { type, pack: type.slice(0, type.indexOf('.')) })
          : t('fields:unknown.graph', { name: graph })}{' '}
        {t('fields:unknown.kept', { count: entries.length })}
      </p>
      {entries.map(([name, value]) => (
        <Property key={name} label={name}>
          {() => <code className={css.value}>{JSON.stringify(value)}</code>}
        </Property>
      ))}
    </Section>
  );
}

function Pinned({ view, disabled }: Props) {
  const { t } = useTranslation('inspector');
  const store = useDocumentStore();
  return (
    <Section title={t('pin.title')}>
      <p className={css.hint}>{t('pin.text')}</p>
      {Object.entries(view.node.pin ?? {}).map(([port, digest]) => (
        <Property key={port} label={port}>
          {() => (
            <code className={css.value} title={digest}>
              {digest}
            </code>
          )}
        </Property>
      ))}
      <div className={css.actions}>
        <Button
          disabled={disabled}
          onClick={() =>
            store.run({
              do: 'setPin',
              graph: shownGraph(store.getState()),
              node: view.id,
              pin: null,
            })
          }
        >
          {t('pin.remove')}
        </Button>
      </div>
    </Section>
  );
}

/** How it stands on the canvas, and whether it runs. */
function Look({ view, disabled }: Props) {
  const { t } = useTranslation('inspector');
  const store = useDocumentStore();
  const { id, node, layout } = view;
  const graph = (): string => shownGraph(store.getState());
  const set = (changes: { [K in keyof NodeLayout]?: NodeLayout[K] | null }): void =>
    store.run({ do: 'setLayout', graph: graph(), node: id, layout: changes });
  const setMode = (mode: Mode | null): void =>
    store.run({ do: 'setMode', graph: graph(), nodes: [id], mode });
  return (
    <>
      <Property label={t('mode.title')}>
        {(labelId) => (
          <Segments
            value={node.mode ?? 'run'}
            labelId={labelId}
            disabled={disabled}
            choices={[
              { value: 'run', label: t('mode.run'), icon: Play },
              { value: 'bypass', label: t('mode.bypass'), icon: MoveRight },
              { value: 'mute', label: t('mode.mute'), icon: CircleSlash },
            ]}
            onChoose={(mode) => setMode(mode === 'run' ? null : mode)}
          />
        )}
      </Property>
      <Property label={t('color')}>
        {(labelId) => (
          <Swatches
            value={layout?.color ?? null}
            labelId={labelId}
            disabled={disabled}
            onChoose={(color) => set({ color })}
          />
        )}
      </Property>
      {canShow(view.ports) && !layout?.collapsed && (
        <Property label={t('preview')}>
          {(labelId) => (
            <Switch
              checked={view.geometry.preview !== null}
              labelId={labelId}
              disabled={disabled}
              onChange={(preview) => set({ preview })}
            />
          )}
        </Property>
      )}
      <Property label={t('collapsed')}>
        {(labelId) => (
          <Switch
            checked={layout?.collapsed ?? false}
            labelId={labelId}
            disabled={disabled}
            onChange={(collapsed) => set({ collapsed: collapsed || null })}
          />
        )}
      </Property>
      <Area
        value={layout?.note ?? ''}
        label={t('note.own')}
        placeholder={t('note.write')}
        disabled={disabled}
        onCommit={(note) => set({ note: note.trim() || null })}
      />
    </>
  );
}
