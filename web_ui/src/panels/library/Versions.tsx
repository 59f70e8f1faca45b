import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { getWorkflow, listVersions, type Saved } from '@/api/workflows';
import { readDocument } from '@/core/migrate';
import { showTime } from '@/shell/files/times';
import { report } from '@/state/files/library';
import { openSaved, openVersion } from '@/state/files/opening';
import { save } from '@/state/files/saving';
import { Button } from '@/ui/Button';
import css from './Library.module.css';

/** All versions of a workflow, the latest first. */
export function Versions({ saved }: { saved: Saved }) {
  const { t } = useTranslation('files');
  const [versions, setVersions] = useState<Schemas['Version'][] | null>(null);
  useEffect(() => {
    listVersions(saved.id).then(setVersions, (error: unknown) => report('list', error));
  }, [saved.id, saved.version]);
  return (
    <ol className={css.versions} aria-label={t('library.menu.versions')}>
      {versions?.map(({ number, saved: time }) => (
        <li key={number} className={css.version}>
          <span className={css.number}>{t('library.version', { number })}</span>
          <span className={css.when}>{showTime(time)}</span>
          {number === saved.version ? (
            <span className={css.latest}>{t('library.latest')}</span>
          ) : (
            <>
              <Button
                look="quiet"
                aria-label={t('library.openVersion', { number })}
                onClick={() =>
                  void openVersion(
                    saved.id,
                    number,
                    t('library.versionName', { name: saved.name, version: number }),
                  )
                }
              >
                {t('library.menu.open')}
              </Button>
              <Button
                look="quiet"
                aria-label={t('library.restoreVersion', { number })}
                onClick={() => void restore(saved, number)}
              >
                {t('library.restore')}
              </Button>
            </>
          )}
        </li>
      ))}
    </ol>
  );
}

/** Make an old version the latest: it is saved as a version of its own, and can be undone. */
const restore = async (saved: Saved, number: number): Promise<void> => {
  try {
    const store = await openSaved(saved.id, saved.name);
    if (!store || store.getState().readOnly) return;
    const found = await getWorkflow(saved.id, number);
    store.replace(readDocument(found.workflow), 'restoreVersion');
    store.know(store.getState().catalogue);
    await save(store);
  } catch (error) {
    report('open', error, { name: saved.name });
  }
};
