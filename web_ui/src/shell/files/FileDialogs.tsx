import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { installCommand } from '@/core/unknown';
import { reasonOf } from '@/i18n/said';
import { closeDocument } from '@/state/workspace';
import { isUnsaved, type DocumentStore } from '@/state/document';
import { useLibrary } from '@/state/files/library';
import { useMatters } from '@/state/files/matters';
import { save, saveAs } from '@/state/files/saving';
import { freeName, nameOf } from '@/state/files/title';
import { say } from '@/state/notices';
import { Button } from '@/ui/Button';
import { copyText } from '@/viewers/copying';
import { Dialog } from '@/ui/Dialog';
import { closeWithDraft } from './closing';
import { Compare } from './Compare';
import { closeFileDialog, openFileDialog, useFileDialog } from './dialogs';
import { DroppedFiles } from './DroppedFiles';
import css from './FileDialogs.module.css';

/** The window about a file that is open. */
export default function FileDialogs() {
  const open = useFileDialog((state) => state.open);
  switch (open?.kind) {
    case 'saveAs':
      return <SaveAs store={open.store} then={open.then} />;
    case 'close':
      return <Close store={open.store} />;
    case 'compare':
      return <Compare store={open.store} />;
    case 'missing':
      return <Missing store={open.store} />;
    case 'older':
      return <Older store={open.store} />;
    case 'dropped':
      return <DroppedFiles store={open.store} files={open.files} at={open.at} />;
    default:
      return null;
  }
}

function SaveAs({ store, then }: { store: DocumentStore; then?: (() => void) | undefined }) {
  const { t } = useTranslation('files');
  const id = useId();
  const [name, setName] = useState(() => {
    const taken = useLibrary.getState().workflows?.map((one) => one.name) ?? [];
    return freeName(nameOf(store.getState()) || t('untitled'), taken);
  });
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const done = async (): Promise<void> => {
    setBusy(true);
    try {
      await saveAs(store, name.trim());
      closeFileDialog();
      say({ kind: 'success', key: 'files:saved', args: { name: name.trim() } });
      then?.();
    } catch (error) {
      setFault(reasonOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t('saveAs.title')}
      onClose={closeFileDialog}
      footer={
        <>
          <Button onClick={closeFileDialog}>{t('cancel')}</Button>
          <Button look="primary" type="submit" form={id} disabled={busy || !name.trim()}>
            {t('saveAs.save')}
          </Button>
        </>
      }
    >
      <form
        id={id}
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          void done();
        }}
      >
        <label className={css.label} htmlFor={`${id}name`}>
          {t('name')}
        </label>
        <input
          id={`${id}name`}
          className={css.input}
          value={name}
          maxLength={200}
          data-first
          autoComplete="off"
          aria-invalid={fault ? true : undefined}
          aria-describedby={`${id}fault`}
          onFocus={(event) => event.target.select()}
          onChange={(event) => {
            setName(event.target.value);
            setFault('');
          }}
        />
        <p id={`${id}fault`} className={css.fault} role="alert">
          {fault}
        </p>
      </form>
    </Dialog>
  );
}

function Close({ store }: { store: DocumentStore }) {
  const { t } = useTranslation('files');
  const state = store.getState();
  const close = (): void => closeDocument(state.uid);
  const first = async (): Promise<void> => {
    if (!state.origin) openFileDialog({ kind: 'saveAs', store, then: close });
    else {
      closeFileDialog();
      // What was not saved stays open, with what is to be decided about it.
      if ((await save(store)) && !isUnsaved(store.getState())) close();
    }
  };
  return (
    <Dialog
      title={t('close.title', { name: nameOf(state) || t('untitled') })}
      onClose={closeFileDialog}
      footer={
        <>
          <Button onClick={closeFileDialog}>{t('cancel')}</Button>
          <Button
            onClick={() => {
              closeFileDialog();
              void closeWithDraft(store);
            }}
          >
            {t('close.without')}
          </Button>
          <Button look="primary" data-first onClick={() => void first()}>
            {t('close.save')}
          </Button>
        </>
      }
    >
      <p className={css.text}>{t('close.text')}</p>
    </Dialog>
  );
}

function Missing({ store }: { store: DocumentStore }) {
  const { t } = useTranslation('files');
  const { uid } = store.getState();
  const matter = useMatters((state) => state.of[uid]?.find((one) => one.kind === 'missing'));
  const packs = matter?.kind === 'missing' ? matter.packs : [];
  const command = installCommand(packs);
  return (
    <Dialog title={t('missing.title')} onClose={closeFileDialog}>
      <p className={css.text}>{t('missing.text')}</p>
      {command && (
        <div className={css.command}>
          <p className={css.hint}>
            {t('missing.command')} {command.endsWith(' INDEX') && t('missing.index')}
          </p>
          <code className={css.code}>{command}</code>
          <Button onClick={() => void copyText(command)}>{t('missing.copy')}</Button>
        </div>
      )}
      <ul className={css.packs}>
        {packs.map((one) => (
          <li key={one.pack} className={css.pack}>
            <h3 className={css.packName}>
              {one.pack} {one.version && <span className={css.version}>{one.version}</span>}
            </h3>
            <p className={css.hint}>{t(one.installed ? 'missing.other' : 'missing.none')}</p>
            <p className={css.types}>{one.types.join(', ')}</p>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function Older({ store }: { store: DocumentStore }) {
  const { t } = useTranslation('files');
  const { uid } = store.getState();
  const matter = useMatters((state) => state.of[uid]?.find((one) => one.kind === 'older'));
  if (matter?.kind !== 'older') return null;
  return (
    <Dialog title={t('older.title')} onClose={closeFileDialog}>
      <p className={css.text}>{t(matter.refused ? 'older.refused' : 'older.changed')}</p>
      <ul className={css.packs}>
        {matter.said.map((one) => (
          <li key={one} className={css.pack}>
            {one}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
