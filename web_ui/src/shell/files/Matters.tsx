import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { discardDraft, restoreDraft } from '@/state/drafts/closed';
import type { DocumentStore } from '@/state/document';
import { takeAsItIs } from '@/state/files/forward';
import { settle, useMatters, type Matter } from '@/state/files/matters';
import { keepMine, putBack, reload } from '@/state/files/saving';
import { takeOver } from '@/state/tabs/claims';
import { closeDocument } from '@/state/workspace';
import { Button } from '@/ui/Button';
import { openCopy } from '../commands/file';
import { openFileDialog } from './dialogs';
import css from './Matters.module.css';
import { showTime } from './times';

const NONE: readonly Matter[] = [];

/** What is to be decided about the file that is looked at. It waits; it never blocks. */
export default function Matters({ store }: { store: DocumentStore }) {
  const { uid } = store.getState();
  const matters = useMatters((state) => state.of[uid] ?? NONE);
  if (!matters.length) return null;
  return (
    <div className={css.matters} role="status">
      {matters.map((matter) => (
        <OneMatter key={matter.kind} store={store} matter={matter} />
      ))}
    </div>
  );
}

function OneMatter({ store, matter }: { store: DocumentStore; matter: Matter }) {
  const { t } = useTranslation('files');
  const { uid, origin } = store.getState();
  switch (matter.kind) {
    case 'changed':
      return (
        <Row
          kind="warning"
          text={t('matter.changed', {
            version: matter.version,
            time: showTime(matter.changed),
          })}
        >
          <Button onClick={() => void reload(store)}>{t('matter.reload')}</Button>
          <Button onClick={() => keepMine(store, matter.version)}>{t('matter.keepMine')}</Button>
          <Button look="quiet" onClick={() => openFileDialog({ kind: 'compare', store })}>
            {t('matter.compare')}
          </Button>
        </Row>
      );
    case 'deleted':
      return (
        <Row kind="warning" text={t('matter.deleted')}>
          <Button
            onClick={() =>
              origin && void putBack(origin.id, origin.name).then(() => settle(uid, 'deleted'))
            }
          >
            {t('matter.putBack')}
          </Button>
          <Button look="quiet" onClick={() => openFileDialog({ kind: 'saveAs', store })}>
            {t('matter.saveAs')}
          </Button>
        </Row>
      );
    case 'elsewhere':
      return (
        <Row kind="info" text={t('matter.elsewhere')}>
          <Button
            onClick={() => {
              openCopy(store);
              closeDocument(uid);
            }}
          >
            {t('matter.editCopy')}
          </Button>
          <Button onClick={() => void takeOver(store)}>{t('matter.takeOver')}</Button>
        </Row>
      );
    case 'draft':
      return (
        <Row
          kind="info"
          text={t(matter.fileTime ? 'matter.draft' : 'matter.draftOpen', {
            time: showTime(matter.time),
            fileTime: showTime(matter.fileTime),
          })}
        >
          <Button look="primary" onClick={() => void restoreDraft(store, matter.key)}>
            {t('matter.restoreDraft')}
          </Button>
          <Button
            onClick={() => {
              settle(uid, 'draft');
              void discardDraft(matter.key);
            }}
          >
            {t('matter.openFile')}
          </Button>
        </Row>
      );
    case 'older':
      return (
        <Row
          kind={matter.refused ? 'warning' : 'info'}
          text={t(matter.refused ? 'matter.otherVersion' : 'matter.forward', {
            count: matter.said.length,
            packs: matter.packs.join(', '),
          })}
          onDismiss={() => settle(uid, 'older')}
        >
          <Button onClick={() => openFileDialog({ kind: 'older', store })}>
            {t('matter.details')}
          </Button>
          {matter.refused && (
            <Button onClick={() => takeAsItIs(store)}>{t('matter.asItIs')}</Button>
          )}
        </Row>
      );
    case 'missing':
      return (
        <Row
          kind="warning"
          text={t('matter.missing', {
            count: matter.packs.reduce((sum, one) => sum + one.nodes, 0),
            packs: matter.packs.map((one) => one.pack).join(', '),
          })}
          onDismiss={() => settle(uid, 'missing')}
        >
          <Button onClick={() => openFileDialog({ kind: 'missing', store })}>
            {t('matter.details')}
          </Button>
        </Row>
      );
  }
}

function Row(props: { kind: string; text: string; children: ReactNode; onDismiss?: () => void }) {
  const { t } = useTranslation('notices');
  return (
    <div className={css.row} data-kind={props.kind}>
      <p className={css.text}>{props.text}</p>
      <div className={css.actions}>{props.children}</div>
      {props.onDismiss && (
        <button
          className={css.close}
          aria-label={t('dismiss')}
          title={t('dismiss')}
          onClick={props.onDismiss}
        >
          <X size={14} aria-hidden />
        </button>
      )}
    </div>
  );
}
