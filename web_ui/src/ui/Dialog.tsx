import { X } from 'lucide-react';
import { useId, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import css from './Dialog.module.css';
import { useModal } from './useModal';

interface Props {
  title: string;
  onClose(): void;
  wide?: boolean;
  children: ReactNode;
  footer?: ReactNode;
}

/** A window over the page: the browser's own, so that focus, Escape and screen readers work. */
export function Dialog({ title, onClose, wide, children, footer }: Props) {
  const { t } = useTranslation('shell');
  const dialog = useModal();
  const titleId = useId();
  return (
    <dialog
      ref={dialog}
      className={css.dialog}
      data-wide={wide || undefined}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => event.target === dialog.current && onClose()}
    >
      <div className={css.inside}>
        <header className={css.head}>
          <h2 id={titleId} className={css.title}>
            {title}
          </h2>
          <button className={css.close} aria-label={t('close')} onClick={onClose}>
            <X size={18} aria-hidden />
          </button>
        </header>
        <div className={css.content}>{children}</div>
        {footer && <footer className={css.foot}>{footer}</footer>}
      </div>
    </dialog>
  );
}
