import {
  Background,
  BackgroundVariant,
  ConnectionMode,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useReactFlow,
  useStore as useFlowStore,
  useStoreApi,
} from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { setFlow } from '@/shell/pointer';
import { askForNode } from '@/shell/search';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { NodeView } from '@/core/project';
import { nodeTitle } from '@/node/title';
import { DocumentProvider } from '@/state/context';
import { type DocumentStore } from '@/state/document';
import { useSettings } from '@/state/settings';
import { useWorkspace } from '@/state/workspace';
import css from './Canvas.module.css';
import { watchArrows } from './arrows';
import { createBending } from './bending';
import { Breadcrumb } from './Breadcrumb';
import { createMenus } from './menus';
import { FAR, useHeading } from './overview/heading';
import { Overview } from './overview/Overview';
import { ZoomBar } from './ZoomBar';
import { Flow, type LinkEdge } from './flow';
import { watchFollowing } from './following';
import { createDragging } from './dragging';
import { createConnecting } from './connecting';
import { useLinkList } from './linkList';
import { EDGE_TYPES, NODE_TYPES } from './nodeTypes';
import { watchMarks } from './marking';
import { Peek } from './Peek';
import { watchPeeking } from './peeking';
import { watchReceiving } from './receiving';
import { strayOf, usePointing, watchPointing } from './pointing';
import { createSelecting } from './selecting';
import { watchTouch } from './touch';
import { MAX_ZOOM, MIN_ZOOM, useViewport } from './viewport';
import { watchUnfolding } from './unfolding';
import { watchWheel } from './wheel';

const GRID: [number, number] = [8, 8];

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
  const linkWish = useLinkList((list) => list.wish);
  const [flow] = useState(() => new Flow());
  const { screenToFlowPosition, getViewport, setViewport } = useReactFlow();
  const flowStore = useStoreApi();
  const pointing = usePointing((one) => one.kind);
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
  const { key, ...viewport } = useViewport(store);
  // React Flow knows where it begins only once it is there: until then it says a zoom of 1, at which
  // thousands of nodes would be drawn for nothing.
  const { zoom } = viewport.defaultViewport;
  const near = useFlowStore((state) => (state.domNode ? state.transform[2] : zoom) >= FAR);
  const heading = useHeading((state) => state.far);
  const far = !near || heading;
  const all = useMemo(
    () => flow.nodes(projected, selection, dragged, label),
    [flow, projected, selection, dragged, label],
  );
  const nodes = useMemo(() => (far ? all.filter((node) => hasFocus(node.id)) : all), [far, all]);
  const edges = useMemo(
    () => (far ? NO_LINKS : flow.links(projected, selectedLinks)),
    [far, flow, projected, selectedLinks],
  );
  const element = useRef<HTMLDivElement>(null);
  const handlers = useMemo(
    () => ({
      ...createDragging(store),
      ...createConnecting(store, screenToFlowPosition),
      ...createSelecting(store),
      ...createBending(store, screenToFlowPosition),
      ...createMenus(store, (key) => i18n.t(key)),
    }),
    [store, screenToFlowPosition, i18n],
  );
  useEffect(() => {
    const view = {
      get: getViewport,
      set: setViewport,
      busy: () => flowStore.getState().connection.inProgress,
    };
    const ends = [
      watchArrows(element.current!),
      watchPointing(element.current!),
      watchTouch(store, element.current!, view),
      watchWheel(element.current!, view),
      watchPeeking(store, element.current!),
      watchUnfolding(store),
      watchFollowing(store, element.current!),
      watchMarks(store),
      watchReceiving(store, element.current!),
    ];
    return () => ends.forEach((end) => end());
  }, [store, getViewport, setViewport, flowStore]);
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
        key={key}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        {...handlers}
        {...viewport}
        onInit={(instance) => setFlow(store, instance, element.current!)}
        onlyRenderVisibleElements
        elevateNodesOnSelect={false}
        nodesDraggable={!readOnly}
        nodesConnectable={!readOnly}
        connectionMode={ConnectionMode.Strict}
        connectionRadius={30}
        connectOnClick
        snapToGrid={settings.snap}
        snapGrid={GRID}
        minZoom={MIN_ZOOM}
        maxZoom={MAX_ZOOM}
        {...strayOf(pointing)}
        deleteKeyCode={null}
        zoomOnDoubleClick={false}
        // A finger moves the view; and React Flow hears of no tap where it expects a marquee.
        selectionOnDrag={settings.drag === 'select' && pointing !== 'touch'}
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
        {far && <Overview store={store} surface={element} />}
        <ZoomBar />
        <Breadcrumb />
      </ReactFlow>
      <Peek />
      {linkWish && (
        <Suspense fallback={null}>
          <LinkList store={store} wish={linkWish} />
        </Suspense>
      )}
    </div>
  );
}

const LinkList = lazy(() => import('./LinkList'));

const NO_LINKS: LinkEdge[] = [];

const hasFocus = (id: string): boolean =>
  document.activeElement?.closest('.react-flow__node')?.getAttribute('data-id') === id;

const MIDDLE = [1];
const ALL = [0, 1];
const MULTI = ['Shift', 'Control', 'Meta'];
