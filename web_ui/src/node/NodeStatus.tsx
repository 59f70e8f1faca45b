import {
  CircleCheck,
  CircleDashed,
  CircleX,
  Clock,
  LoaderCircle,
  RotateCcw,
  SkipForward,
  TriangleAlert,
  type LucideIcon,
} from 'lucide-react';
import { memo, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { canvasPath } from '@/core/running';
import type { NodeView } from '@/core/project';
import { useDocument, useDocumentStore } from '@/state/context';
import { pathOf } from '@/state/document';
import { useNodeRun } from '@/state/runs';
import { useProblems } from '@/state/runs/problems';
import { useWorkspace } from '@/state/workspace';
import css from './NodeStatus.module.css';
import { lookOf, longStatus, share, shortStatus, type StatusLook } from './status';
import { useNodeTitle } from './title';

const ICONS: Record<StatusLook, LucideIcon> = {
  queued: CircleDashed,
  running: LoaderCircle,
  cached: RotateCcw,
  done: CircleCheck,
  failed: CircleX,
  skipped: SkipForward,
  stale: Clock,
};

const showProblems = (): void => useWorkspace.setState({ bottom: 'problems' });

/** The path of a node in the runs of its document. */
export const useNodePath = (id: string): string => useDocument((state) => pathOf(state, id));

/** How a node is: what is wrong with it, and how it stands in the last run. */
export const NodeStatus = memo(function NodeStatus({ view }: { view: NodeView }) {
  const { t } = useTranslation(['runs', 'canvas']);
  const { uid } = useDocumentStore().getState();
  const path = useNodePath(view.id);
  const run = useNodeRun(uid, path);
  const problems = useProblems(uid, path);
  const title = useNodeTitle(view);
  const element = useRef<HTMLSpanElement>(null);
  // eslint-disable-next-line react-hooks/purity -- each event says how long is left from now on
  const now = Date.now();
  const look = run && lookOf(run);
  const part = run && run.status === 'running' ? share(run) : null;
  const long = run ? longStatus(run, t, now) : '';
  const spoken = [
    title,
    run &&
      `${t(`long.${look!}`)}${part === null ? '' : ` ${t('percent', { value: Math.floor(part * 10) * 10 })}`}`,
    problems.length ? t('problems', { count: problems.length }) : '',
    t('canvas:node.linked', {
      linked: Object.keys(view.node.links ?? {}).length,
      inputs: view.ports.inputs.length,
    }),
  ]
    .filter(Boolean)
    .join(', ');
  // The node of React Flow has the focus; a state of the run is no change of the graph.
  useEffect(() => {
    element.current?.closest('.react-flow__node')?.setAttribute('aria-label', spoken);
  }, [spoken]);
  const Icon = look ? ICONS[look] : null;
  return (
    <span ref={element} className={css.slot} data-status={look ?? undefined}>
      {problems.length > 0 && (
        <button
          className={`nodrag ${css.problems}`}
          title={problems.map((one) => problemLine(one, path)).join('\n')}
          aria-label={t('problems', { count: problems.length })}
          onClick={showProblems}
        >
          <TriangleAlert size={13} aria-hidden />
          {problems.length > 1 && problems.length}
        </button>
      )}
      {run && Icon && (
        <span className={css.status} title={long} data-look={look}>
          <Icon size={13} aria-hidden className={css.icon} />
          <span className={css.text}>{shortStatus(run, t, now)}</span>
        </span>
      )}
      {look === 'running' && (
        <span
          className={css.line}
          data-open={part === null || undefined}
          style={part === null ? undefined : { transform: `scaleX(${part})` }}
        />
      )}
    </span>
  );
});

const problemLine = (
  { node, port, message }: { node: string | null; port: string | null; message: string },
  path: string,
): string => {
  const inside = node === null ? '' : canvasPath(node).slice(path.length + 1);
  const where = [inside, port ?? ''].filter(Boolean).join('.');
  return where ? `${where}: ${message}` : message;
};
