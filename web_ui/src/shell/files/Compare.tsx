import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { getWorkflow, type SavedDocument } from '@/api/workflows';
import { differences, type Difference } from '@/core/compare';
import { readDocument } from '@/core/migrate';
import type { DocumentStore } from '@/state/document';
import { report } from '@/state/files/library';
import { openVersion } from '@/state/files/opening';
import { keepMine, reload } from '@/state/files/saving';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { closeFileDialog } from './dialogs';
import css from './FileDialogs.module.css';

const SIGNS: Record<string, string> = { added: '+', removed: '−' };

/** What the file in the library has that is otherwise here. */
export function Compare({ store }: { store: DocumentStore }) {
  const { t } = useTranslation('files');
  const { origin, document } = store.getState();
  const [theirs, setTheirs] = useState<SavedDocument | null>(null);
  useEffect(() => {
    if (!origin) return;
    getWorkflow(origin.id).then(setTheirs, (error: unknown) => {
      report('open', error, { name: origin.name });
      closeFileDialog();
    });
  }, [origin]);
  const found = theirs && differences(document, readDocument(theirs.workflow));
  const and = (work: () => void) => (): void => {
    closeFileDialog();
    work();
  };
  return (
    <Dialog
      title={t('compare.title')}
      onClose={closeFileDialog}
      footer={
        theirs && (
          <>
            <Button
              look="quiet"
              onClick={and(
                () =>
                  void openVersion(
                    theirs.id,
                    theirs.version,
                    t('library.versionName', { name: theirs.name, version: theirs.version }),
                  ),
              )}
            >
              {t('compare.open')}
            </Button>
            <Button onClick={and(() => keepMine(store, theirs.version))}>
              {t('matter.keepMine')}
            </Button>
            <Button onClick={and(() => void reload(store))}>{t('matter.reload')}</Button>
          </>
        )
      }
    >
      <p className={css.text}>{t(found?.length === 0 ? 'compare.same' : 'compare.text')}</p>
      <ul className={css.changes} aria-busy={!found}>
        {found?.map((one, place) => (
          <li key={place} className={css.change} data-kind={one.kind}>
            <span className={css.sign} aria-hidden>
              {SIGNS[one.kind] ?? '~'}
            </span>
            <span>{t(`compare.${one.kind}`, words(one))}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

const words = ({ graph, node = '', ports = [] }: Difference) => ({
  node: graph ? `${graph} / ${node}` : node,
  ports: ports.join(', '),
});
