import { useTranslation } from 'react-i18next';
import { togglePanel, useWorkspace, type Panel } from '@/state/workspace';
import css from './Rail.module.css';
import { PANELS } from './registry';

/** The buttons of all panels, at the left edge. */
export function Rail() {
  const { t } = useTranslation('shell');
  const open = useWorkspace(
    (workspace) => `${workspace.left} ${workspace.right} ${workspace.bottom}`,
  );
  return (
    <nav className={css.rail} aria-label={t('panels.rail')} data-region tabIndex={-1}>
      {Object.entries(PANELS).map(([name, { side, icon: Icon }]) => (
        <button
          key={name}
          className={css.button}
          data-side={side}
          aria-pressed={open.split(' ').includes(name)}
          aria-label={t(`panels.${name}`)}
          title={t(`panels.${name}`)}
          onClick={() => togglePanel(side, name as Panel)}
        >
          <Icon size={20} strokeWidth={1.75} aria-hidden />
        </button>
      ))}
    </nav>
  );
}
