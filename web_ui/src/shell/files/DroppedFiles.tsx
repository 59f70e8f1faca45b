import { FilePlus2, Workflow } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { thumbnailUrl } from '@/api/client';
import type { DocumentStore } from '@/state/document';
import { openRead } from '@/state/files/opening';
import { Dialog } from '@/ui/Dialog';
import { addLoaders } from '../dropping';
import { closeFileDialog, type Dropped } from './dialogs';
import css from './FileDialogs.module.css';

interface Props {
  store: DocumentStore;
  files: readonly Dropped[];
  at: { x: number; y: number };
}

/** A picture that carries a workflow can mean either: the user says which. */
export function DroppedFiles({ store, files, at }: Props) {
  const { t } = useTranslation('files');
  const carriers = files.filter((one) => one.read);
  const first = carriers[0]!.asset;
  const and = (work: () => void) => (): void => {
    closeFileDialog();
    work();
  };
  return (
    <Dialog
      title={t('dropped.title', { count: carriers.length, name: first.name })}
      onClose={closeFileDialog}
    >
      <div className={css.dropped}>
        {first.media.startsWith('image/') && (
          <img className={css.picture} src={thumbnailUrl(first.asset, 512)} alt="" />
        )}
        <div className={css.choices}>
          <button
            className={css.choice}
            data-first
            onClick={and(() => {
              for (const { asset, read } of carriers)
                openRead(read!, asset.name.replace(/\.\w+$/, ''));
              const others = files.filter((one) => !one.read);
              if (others.length) addLoaders(store, others, at);
            })}
          >
            <Workflow size={20} aria-hidden />
            <span className={css.choiceName}>{t('dropped.open', { count: carriers.length })}</span>
            <span className={css.choiceText}>{t('dropped.openText')}</span>
          </button>
          <button
            className={css.choice}
            disabled={store.getState().readOnly}
            onClick={and(() => addLoaders(store, files, at))}
          >
            <FilePlus2 size={20} aria-hidden />
            <span className={css.choiceName}>{t('dropped.load', { count: files.length })}</span>
            <span className={css.choiceText}>{t('dropped.loadText')}</span>
          </button>
        </div>
      </div>
    </Dialog>
  );
}
