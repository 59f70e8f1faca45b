import { Maximize2, Minus, Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { IconButton, WordButton } from '../parts';
import type { Zoom } from './useZoom';

/** Nearer, farther, all of it, as it is. */
export function ZoomTools({ zoom }: { zoom: Zoom }) {
  const { t, i18n } = useTranslation('viewers');
  const percent = new Intl.NumberFormat(i18n.language, {
    style: 'percent',
    maximumFractionDigits: zoom.view.zoom < 0.1 ? 1 : 0,
  }).format(zoom.view.zoom);
  return (
    <>
      <IconButton icon={Minus} label={t('zoom.out')} keys="-" onClick={() => zoom.by(1 / 1.25)} />
      <output
        aria-label={t('zoom.now')}
        data-testid="zoom"
        style={{ minWidth: 44, textAlign: 'center' }}
      >
        {percent}
      </output>
      <IconButton icon={Plus} label={t('zoom.in')} keys="+" onClick={() => zoom.by(1.25)} />
      <IconButton
        icon={Maximize2}
        label={t('zoom.fit')}
        keys="0"
        pressed={zoom.fitted}
        onClick={zoom.toFit}
      />
      <WordButton
        label={t('zoom.actual')}
        keys="1"
        pressed={zoom.view.zoom === 1}
        onClick={zoom.toActual}
      >
        {'1:1'}
      </WordButton>
    </>
  );
}
