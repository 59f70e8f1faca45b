import { RotateCcw, Trash2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { deleteWorkflow, type Saved } from '@/api/workflows';
import { showTime } from '@/shell/files/times';
import { refreshBin, report, useLibrary } from '@/state/files/library';
import { putBack } from '@/state/files/saving';
import { Button } from '@/ui/Button';
import css from './Library.module.css';

/** What was deleted, and can be put back until it is deleted for good. */
export function Bin() {
  const { t } = useTranslation('files');
  const bin = useLibrary((library) => library.bin);
  useEffect(() => {
    refreshBin().catch((error: unknown) => report('list', error));
  }, []);
  return (
    <>
      <ul className={css.list} aria-label={t('library.bin')}>
        {bin?.map((one) => (
          <Row key={one.id} saved={one} />
        ))}
      </ul>
      {bin?.length === 0 && <p className={css.none}>{t('library.binEmpty')}</p>}
    </>
  );
}

function Row({ saved }: { saved: Saved }) {
  const { t } = useTranslation('files');
  const { id, name } = saved;
  const [sure, setSure] = useState(false);
  const remove = async (): Promise<void> => {
    try {
      await deleteWorkflow(id);
      await refreshBin();
    } catch (error) {
      report('delete', error, { name });
    }
  };
  return (
    <li className={css.item}>
      <div className={css.row}>
        <div className={css.open} data-plain>
          <Trash2 className={css.icon} size={18} strokeWidth={1.75} aria-hidden />
          <span className={css.name} title={name}>
            {name}
          </span>
          <span className={css.facts}>
            {t('library.deleted', { time: showTime(saved.deleted ?? 0) })}
          </span>
        </div>
        <button
          className={css.more}
          data-shown
          aria-label={t('library.putBack', { name })}
          title={t('library.putBack', { name })}
          onClick={() => void putBack(id, name)}
        >
          <RotateCcw size={16} aria-hidden />
        </button>
        <button
          className={css.more}
          data-shown
          aria-label={t('library.deleteForGood', { name })}
          title={t('library.deleteForGood', { name })}
          onClick={() => setSure(true)}
        >
          <Trash2 size={16} aria-hidden />
        </button>
      </div>
      {sure && (
        <div className={css.sure}>
          <p>{t('library.sure')}</p>
          <Button look="danger" autoFocus onClick={() => void remove()}>
            {t('library.menu.delete')}
          </Button>
          <Button look="quiet" onClick={() => setSure(false)}>
            {t('cancel')}
          </Button>
        </div>
      )}
    </li>
  );
}
