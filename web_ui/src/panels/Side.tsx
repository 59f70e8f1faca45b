import { X } from 'lucide-react';
import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { DocumentProvider } from '@/state/context';
import { activeDocument, togglePanel, useWorkspace } from '@/state/workspace';
import { PANELS } from './registry';
import css from './Side.module.css';
import { usePanelSize } from './size';

/** The panel that is open at one side of the canvas. */
export function Side({ side }: { side: 'left' | 'right' | 'bottom' }) {
  const { t } = useTranslation('shell');
  const panel = useWorkspace((workspace) => workspace[side]);
  useWorkspace((workspace) => workspace.active);
  const { size, handle } = usePanelSize(side);
  const store = activeDocument();
  if (!panel || !store) return null;
  const Content = PANELS[panel].content;
  return (
    <section
      className={css.side}
      data-side={side}
      style={side === 'bottom' ? { height: size } : { width: size }}
      aria-label={t(`panels.${panel}`)}
      data-region
      tabIndex={-1}
    >
      <div className={css.handle} {...handle} aria-label={t('panels.resize')} />
      <header className={css.head}>
        <h2 className={css.title}>{t(`panels.${panel}`)}</h2>
        <button
          className={css.close}
          aria-label={t('panels.close')}
          onClick={() => togglePanel(side, panel)}
        >
          <X size={16} aria-hidden />
        </button>
      </header>
      <div className={css.content}>
        <DocumentProvider value={store}>
          <Suspense fallback={null}>
            <Content key={store.getState().uid} />
          </Suspense>
        </DocumentProvider>
      </div>
    </section>
  );
}
