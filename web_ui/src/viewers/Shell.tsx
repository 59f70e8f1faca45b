import { Maximize, Minimize, X } from 'lucide-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { isControls, Keys, tellKeys, type KeyHandler } from './keys';
import { IconButton } from './parts';
import css from './Shell.module.css';

interface Props {
  title: string;
  note?: string | undefined;
  actions?: ReactNode;
  onClose(): void;
  children: ReactNode;
}

/** A window over the canvas and its panels; the bar above stays in reach. */
export function Shell({ title, note, actions, onClose, children }: Props) {
  const { t } = useTranslation('viewers');
  const dialog = useRef<HTMLDialogElement>(null);
  const [handlers] = useState(() => new Set<KeyHandler>());
  const [full, setFull] = useState(false);
  const close = useRef(onClose);
  const titleId = useId();
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    const element = dialog.current!;
    const before = document.activeElement;
    if (!element.open) element.show();
    element.focus({ preventScroll: true });
    const onFull = (): void => setFull(document.fullscreenElement === element);
    // Whoever has clicked on nothing is still in the window.
    const onKey = (event: globalThis.KeyboardEvent): void => {
      if (event.target === document.body && !isControls(event)) {
        if (event.key === 'Escape') close.current();
        else if (!tellKeys(handlers, event)) return;
        event.preventDefault();
      }
    };
    document.addEventListener('fullscreenchange', onFull);
    window.addEventListener('keydown', onKey, true);
    return () => {
      document.removeEventListener('fullscreenchange', onFull);
      window.removeEventListener('keydown', onKey, true);
      element.close();
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, [handlers]);
  const toggleFull = (): void => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void dialog.current?.requestFullscreen();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isControls(event.nativeEvent)) return;
    if (!tellKeys(handlers, event.nativeEvent)) {
      if (event.key === 'Escape') onClose();
      else if (event.code === 'KeyF' && !event.ctrlKey && !event.metaKey) toggleFull();
      else return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <Keys value={handlers}>
      <dialog
        ref={dialog}
        className={css.shell}
        aria-labelledby={titleId}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        onContextMenu={(event) => event.stopPropagation()}
      >
        <header className={css.head}>
          <h2 id={titleId} className={css.title}>
            {title}
          </h2>
          {note && <span className={css.note}>{note}</span>}
          <span className={css.gap} />
          {actions}
          {document.fullscreenEnabled && (
            <IconButton
              icon={full ? Minimize : Maximize}
              label={t(full ? 'windowed' : 'fullscreen')}
              keys="F"
              onClick={toggleFull}
            />
          )}
          <IconButton icon={X} label={t('close')} keys="Esc" onClick={onClose} />
        </header>
        {children}
      </dialog>
    </Keys>
  );
}
