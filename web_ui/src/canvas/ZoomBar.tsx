import { useStore } from '@xyflow/react';
import { Maximize, Minus, Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { perform } from '@/shell/commands/registry';
import css from './ZoomBar.module.css';

/** How near the canvas is, at its lower left. */
export function ZoomBar() {
  const { t } = useTranslation('commands');
  const zoom = useStore((state) => Math.round(state.transform[2] * 100));
  return (
    <div className={css.bar} role="toolbar" aria-label={t('groups.view')}>
      <button
        className={css.button}
        aria-label={t('view.zoomOut')}
        title={t('view.zoomOut')}
        onClick={() => perform('view.zoomOut')}
      >
        <Minus size={16} aria-hidden />
      </button>
      <button className={css.zoom} title={t('view.actual')} onClick={() => perform('view.actual')}>
        {`${zoom} %`}
      </button>
      <button
        className={css.button}
        aria-label={t('view.zoomIn')}
        title={t('view.zoomIn')}
        onClick={() => perform('view.zoomIn')}
      >
        <Plus size={16} aria-hidden />
      </button>
      <button
        className={css.button}
        aria-label={t('view.fit')}
        title={t('view.fit')}
        onClick={() => perform('view.fit')}
      >
        <Maximize size={15} aria-hidden />
      </button>
    </div>
  );
}
