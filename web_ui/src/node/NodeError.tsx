import { Check, CircleX, Copy } from 'lucide-react';
import { Popover } from 'radix-ui';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useWords } from '@/i18n/said';
import { useDocumentStore } from '@/state/context';
import { useNodeRun, type NodeRun } from '@/state/runs';
import css from './NodeError.module.css';
import { useNodePath } from './NodeStatus';

/** Below a node that failed: why, in a line; and in full with what can be done, when it is asked. */
export const NodeError = memo(function NodeError({ id }: { id: string }) {
  const { t } = useTranslation('runs');
  const { uid } = useDocumentStore().getState();
  const path = useNodePath(id);
  const run = useNodeRun(uid, path);
  const words = useWords();
  if (!run?.error) return null;
  const line = words(run.error).split('\n')[0];
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <button className={`nodrag nopan ${css.strip}`} aria-label={t('error.open', { line })}>
          <CircleX size={13} aria-hidden className={css.icon} />
          <span className={css.message}>{line}</span>
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className={css.popover} side="bottom" align="start" sideOffset={6}>
          <Details run={run} path={path} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
});

const KNOWN = new Set(['out-of-memory', 'crashed', 'lost']);

function Details({ run, path }: { run: NodeRun; path: string }) {
  const { t } = useTranslation('runs');
  const words = useWords();
  const [copied, setCopied] = useState(false);
  const { code, message, detail } = run.error!;
  const whole = [`${path}: ${message}`, detail ?? '', `run ${run.run}`]
    .filter(Boolean)
    .join('\n\n');
  return (
    <>
      <h3 className={css.title}>{t('error.title')}</h3>
      <p className={css.full}>{words(run.error!)}</p>
      <h4 className={css.heading}>{t('error.try')}</h4>
      <p className={css.hint}>{t(`error.hint.${KNOWN.has(code) ? code : 'failed'}`)}</p>
      {detail && <pre className={css.detail}>{detail}</pre>}
      <button
        className={css.copy}
        onClick={() => void navigator.clipboard.writeText(whole).then(() => setCopied(true))}
      >
        {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
        {copied ? t('error.copied') : t('error.copy')}
      </button>
    </>
  );
}
