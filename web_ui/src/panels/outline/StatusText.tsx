import { useTranslation } from 'react-i18next';
import { useNodePath } from '@/node/NodeStatus';
import { longStatus } from '@/node/status';
import { useDocumentStore } from '@/state/context';
import { useNodeRun } from '@/state/runs';
import css from './Outline.module.css';

/** How a node stands in the last run, in words. */
export function NodeStatusText({ id }: { id: string }) {
  const { t } = useTranslation(['runs', 'canvas']);
  const { uid } = useDocumentStore().getState();
  const run = useNodeRun(uid, useNodePath(id));
  // eslint-disable-next-line react-hooks/purity -- each event says how long is left from now on
  return run ? <span className={css.status}>{longStatus(run, t, Date.now())}</span> : null;
}
