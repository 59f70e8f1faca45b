import { useTranslation } from 'react-i18next';
import { useLibrarySection, type LibrarySection } from '@/shell/files/dialogs';
import { useDrafts } from '@/state/drafts/closed';
import { Bin } from './Bin';
import { Drafts } from './Drafts';
import css from './Library.module.css';
import { Templates } from './Templates';
import { Workflows } from './Workflows';

const SECTIONS: readonly LibrarySection[] = ['workflows', 'templates', 'drafts', 'bin'];
const CONTENT = { workflows: Workflows, templates: Templates, drafts: Drafts, bin: Bin };

/** What can be opened: the user's workflows, examples, drafts that were left, and the bin. */
export default function Library() {
  const { t } = useTranslation('files');
  const section = useLibrarySection((state) => state.section);
  const drafts = useDrafts((state) => state.closed.length);
  const Content = CONTENT[section];
  return (
    <div className={css.library}>
      <div className={css.sections} role="group" aria-label={t('library.sections')}>
        {SECTIONS.map((one) => (
          <button
            key={one}
            className={css.section}
            aria-pressed={one === section}
            onClick={() => useLibrarySection.setState({ section: one })}
          >
            {t(`library.${one}`)}
            {one === 'drafts' && drafts > 0 && <span className={css.count}>{drafts}</span>}
          </button>
        ))}
      </div>
      <Content />
    </div>
  );
}
