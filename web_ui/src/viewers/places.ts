import type { Place } from '@/state/runs/values';
import type { ViewerItem } from './open';

/** Where the server keeps what is looked at, if it came out of a run. */
export const placeIn = ({ runId, node, port }: ViewerItem): Place | null =>
  runId && node && port ? { run: runId, step: node, port } : null;
