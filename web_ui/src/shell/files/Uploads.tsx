import { useTranslation } from 'react-i18next';
import { useDragging, useUploads } from '../dropping';
import css from './Uploads.module.css';

/** Files on their way to the server, and a frame around the canvas while some are dragged over it. */
export function Uploads() {
  const { t } = useTranslation('files');
  const uploads = useUploads((state) => state.uploads);
  const over = useDragging((state) => state.over);
  return (
    <>
      {over && (
        <div className={css.over}>
          <p className={css.hint}>{t('drop.hint')}</p>
        </div>
      )}
      {uploads.length > 0 && (
        <ul className={css.uploads} aria-label={t('drop.sending')}>
          {uploads.map(({ id, name, part }) => (
            <li key={id} className={css.upload}>
              <span className={css.name}>{name}</span>
              <progress className={css.bar} value={part} aria-label={name} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
