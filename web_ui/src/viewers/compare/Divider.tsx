import { useRef, type KeyboardEvent, type PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Zoom } from '../picture/useZoom';
import css from './Compare.module.css';

interface Props {
  share: number;
  zoom: Zoom;
  onShare(share: number): void;
}

/** The line between two pictures that lie over each other. */
export function Divider({ share, zoom, onShare }: Props) {
  const { t } = useTranslation('viewers');
  const held = useRef(false);
  const set = (to: number): void => onShare(Math.min(1, Math.max(0, to)));
  const follow = (event: PointerEvent): void => {
    event.stopPropagation();
    if (held.current) set(zoom.point(event).x / Math.max(1, zoom.window.width));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.shiftKey ? 0.1 : 0.02;
    if (event.key === 'ArrowLeft' || event.key === 'ArrowDown') set(share - step);
    else if (event.key === 'ArrowRight' || event.key === 'ArrowUp') set(share + step);
    else if (event.key === 'Home') set(0);
    else if (event.key === 'End') set(1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      className={css.divider}
      role="slider"
      tabIndex={0}
      aria-label={t('compare.divider')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={`${Math.round(share * 100)} %`}
      style={{ left: `${share * 100}%` }}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        held.current = true;
      }}
      onPointerMove={follow}
      onPointerUp={(event) => {
        follow(event);
        held.current = false;
      }}
      onPointerCancel={() => (held.current = false)}
      onDoubleClick={(event) => {
        event.stopPropagation();
        set(0.5);
      }}
    />
  );
}
