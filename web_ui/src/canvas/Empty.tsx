import { FileDown, LayoutTemplate, MousePointerClick } from 'lucide-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { canvasOf } from '@/core/document';
import { shownGraph, type DocumentStore } from '@/state/document';
import { loadTemplates, useLibrary } from '@/state/files/library';
import { openTemplate } from '@/state/files/opening';
import { useSettings } from '@/state/settings';
import css from './Empty.module.css';

const SHOWN = 4;

/** What can be done where nothing is yet. */
export function Empty({ store }: { store: DocumentStore }) {
  const empty = useStore(store, (state) => {
    const { graph } = state.projected;
    const { frames, notes } = canvasOf(graph);
    const any = (layer: object | undefined) => layer !== undefined && Object.keys(layer).length > 0;
    return shownGraph(state) === '' && !any(graph.nodes) && !any(frames) && !any(notes);
  });
  return empty && <Offer />;
}

function Offer() {
  const { t } = useTranslation('files');
  const language = useSettings((settings) => settings.language);
  const templates = useLibrary((library) => library.templates);
  useEffect(() => {
    // Without examples there is still everything else.
    loadTemplates().catch(() => undefined);
  }, [language]);
  return (
    <div className={css.empty}>
      <ul className={css.ways}>
        <li>
          <MousePointerClick size={18} strokeWidth={1.75} aria-hidden />
          {t('empty.add')}
        </li>
        <li>
          <FileDown size={18} strokeWidth={1.75} aria-hidden />
          {t('empty.drop')}
        </li>
        <li>
          <LayoutTemplate size={18} strokeWidth={1.75} aria-hidden />
          {t('empty.template')}
        </li>
      </ul>
      <ul className={css.templates} aria-label={t('library.templates')}>
        {templates?.slice(0, SHOWN).map((one) => (
          <li key={one.id}>
            <button className={css.template} onClick={() => void openTemplate(one)}>
              <span className={css.frame}>
                {one.picture && <img className={css.picture} src={one.picture} alt="" />}
              </span>
              <span className={css.title}>{one.title}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
