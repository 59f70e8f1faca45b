import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { useDocumentStore } from '@/state/context';
import { useNodeRun } from '@/state/runs';
import { placeOf, shortText, useValue } from '@/state/runs/values';
import css from './OutputValue.module.css';
import { useNodePath } from './NodeStatus';

/** Beside an output that gives text or a number: what it gave. */
export const OutputValue = memo(function OutputValue({ id, port }: { id: string; port: string }) {
  const { t } = useTranslation('runs');
  const { uid } = useDocumentStore().getState();
  const path = useNodePath(id);
  const run = useNodeRun(uid, path);
  const { data } = useValue(run?.result ? placeOf(uid, path, port) : null);
  const text = data?.form === 'json' ? shortText(data.value) : null;
  if (text === null) return null;
  const long = data!.length === null ? text : t('items', { count: data!.length });
  return (
    <span className={css.value} title={text.slice(0, 2000)} data-stale={run?.stale || undefined}>
      {long}
    </span>
  );
});
