import { TriangleAlert } from 'lucide-react';
import { Popover } from 'radix-ui';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { useDocumentStore } from '@/state/context';
import { useNodeRun } from '@/state/runs';
import css from './NodeError.module.css';
import { useNodePath } from './NodeStatus';

/** Below a node that did its work and had something to say of it: the first sentence, then all. */
export const NodeWarnings = memo(function NodeWarnings({ id }: { id: string }) {
  const { t } = useTranslation('runs');
  const { uid } = useDocumentStore().getState();
  const run = useNodeRun(uid, useNodePath(id));
  // A failure says more, and what was said of other values is of no use any more.
  if (!run?.warnings.length || run.error || run.stale) return null;
  const line = run.warnings[0]!;
  const more = run.warnings.length - 1;
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <button
          className={`nodrag nopan ${css.strip}`}
          data-kind="warning"
          aria-label={t('warning.open', { line })}
        >
          <TriangleAlert size={13} aria-hidden className={css.icon} />
          <span className={css.message}>{line}</span>
          {more > 0 && <span className={css.more}>+{more}</span>}
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className={css.popover} side="bottom" align="start" sideOffset={6}>
          <h3 className={css.title} data-kind="warning">
            {t('warning.title')}
          </h3>
          {run.warnings.map((one, at) => (
            <p key={at} className={css.full}>
              {one}
            </p>
          ))}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
});
