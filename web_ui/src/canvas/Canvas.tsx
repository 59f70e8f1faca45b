import {
  Background,
  BackgroundVariant,
  ConnectionMode,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useReactFlow,
} from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useMemo, useRef, useState } from 'react';
import { setFlow } from '@/shell/pointer';
import { askForNode } from '@/shell/search';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { NodeView } from '@/core/project';
import { nodeTitle } from '@/node/title';
import { DocumentProvider } from '@/state/context';
import { shownGraph, type DocumentStore } from '@/state/document';
import { useSettings } from '@/state/settings';
import { useWorkspace } from '@/state/workspace';
import css from './Canvas.module.css';
import { createBending } from './bending';
import { Flow } from './flow';
import { createDragging } from './dragging';
import { createConnecting } from './connecting';
import { EDGE_TYPES, NODE_TYPES } from './nodeTypes';
import { createSelecting } from './selecting';
import { useViewport } from './viewport';

const GRID: [number, number] = [8, 8];
const FIT = { padding: 0.15, maxZoom: 1 };

/** The surface on which a document is edited. */
export function Canvas({ store }: { store: DocumentStore }) {
  return (
    <DocumentProvider value={store}>
      <ReactFlowProvider key={store.getState().uid}>
        <Surface store={store} />
      </ReactFlowProvider>
    </DocumentProvider>
  );
}

function Surface({ store }: { store: DocumentStore }) {
  const { t, i18n } = useTranslation('canvas');
  const catalogue = useWorkspace((workspace) => workspace.catalogue);
  const projected = useStore(store, (state) => state.projected);
  const selection = useStore(store, (state) => state.selection);
  const selectedLinks = useStore(store, (state) => state.selectedLinks);
  const dragged = useStore(store, (state) => state.dragged);
  const readOnly = useStore(store, (state) => state.readOnly);
  const settings = useSettings();
  const [flow] = useState(() => new Flow());
  const { screenToFlowPosition } = useReactFlow();
  const label = useMemo(
    () => (view: NodeView) =>
      t('node.label', {
        title: nodeTitle(view, catalogue),
        linked: Object.keys(view.node.links ?? {}).length,
        inputs: view.ports.inputs.length,
      }),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- a new language is a new label
    [catalogue, i18n.language],
  );
  const nodes = useMemo(
    () => flow.nodes(projected, selection, dragged, label),
    [flow, projected, selection, dragged, label],
  );
  const edges = useMemo(
    () => flow.links(projected, selectedLinks),
    [flow, projected, selectedLinks],
  );
  const element = useRef<HTMLDivElement>(null);
  const handlers = useMemo(
    () => ({
      ...createDragging(store),
      ...createConnecting(store, screenToFlowPosition),
      ...createSelecting(store),
      ...createBending(store, screenToFlowPosition),
    }),
    [store, screenToFlowPosition],
  );
  const viewport = useViewport(store);
  return (
    // Double-clicks on nothing ask for a node; on a link, on a node, they mean something else.
    <div
      onDoubleClick={(event) => {
        if (!(event.target as Element).classList.contains('react-flow__pane') || readOnly) return;
        const screen = { x: event.clientX, y: event.clientY };
        askForNode({ at: screenToFlowPosition(screen), screen });
      }}
      ref={element}
      className={css.canvas}
      data-links={settings.links}
    >
      <ReactFlow
        key={shownGraph(store.getState())}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        {...handlers}
        {...viewport}
        onInit={(instance) => setFlow(store, instance, element.current!)}
        fitViewOptions={FIT}
        onlyRenderVisibleElements
        elevateNodesOnSelect={false}
        nodesDraggable={!readOnly}
        nodesConnectable={!readOnly}
        connectionMode={ConnectionMode.Strict}
        connectionRadius={30}
        connectOnClick
        snapToGrid={settings.snap}
        snapGrid={GRID}
        minZoom={0.05}
        maxZoom={4}
        deleteKeyCode={null}
        zoomOnDoubleClick={false}
        selectionOnDrag={settings.drag === 'select'}
        panOnDrag={settings.drag === 'select' ? MIDDLE : ALL}
        panOnScroll={false}
        selectionMode={settings.marquee === 'touch' ? SelectionMode.Partial : SelectionMode.Full}
        multiSelectionKeyCode={MULTI}
        selectionKeyCode="Shift"
        aria-label={t('surface')}
      >
        <Background
          variant={BackgroundVariant.Dots}
          gap={24}
          size={1.5}
          color="var(--canvas-dot)"
        />
      </ReactFlow>
    </div>
  );
}

const MIDDLE = [1];
const ALL = [0, 1];
const MULTI = ['Shift', 'Control', 'Meta'];
