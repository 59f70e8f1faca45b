import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { setSettings, useSettings } from '@/state/settings';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { allDoings, type Doing } from '../commands/registry';
import { chordOf, keysOf, showKeys } from '../commands/keys';
import { closeDialog } from '../dialogs';
import css from './Keys.module.css';

const GROUPS = ['file', 'edit', 'graph', 'run', 'view', 'go', 'help'] as const;

/** All keys, and other ones for whoever likes. */
export function Keys() {
  const { t } = useTranslation('commands');
  const own = useSettings((settings) => settings.keys);
  const doings = allDoings();
  const clash = (one: Doing): Doing | undefined =>
    doings.find(
      (other) => other !== one && keysOf(other).some((chord) => keysOf(one).includes(chord)),
    );
  return (
    <Dialog
      title={t('help.keys')}
      wide
      onClose={closeDialog}
      footer={<Button onClick={() => setSettings({ keys: {} })}>{t('keys.reset')}</Button>}
    >
      <p className={css.hint}>{t('keys.hint')}</p>
      <div className={css.groups}>
        {GROUPS.map((group) => (
          <section key={group}>
            <h3 className={css.group}>{t(`groups.${group}`)}</h3>
            <ul className={css.list}>
              {doings
                .filter((one) => one.group === group)
                .map((one) => (
                  <Row
                    key={one.id}
                    doing={one}
                    own={own[one.id] !== undefined}
                    clash={clash(one)}
                  />
                ))}
            </ul>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

function Row({ doing, own, clash }: { doing: Doing; own: boolean; clash: Doing | undefined }) {
  const { t } = useTranslation('commands');
  const [listening, setListening] = useState(false);
  const keys = keysOf(doing);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!listening) return;
    event.preventDefault();
    event.stopPropagation();
    if (['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return;
    setListening(false);
    if (event.key === 'Escape') return;
    const chord = event.key === 'Backspace' ? '' : chordOf(event.nativeEvent);
    setSettings({ keys: { ...useSettings.getState().keys, [doing.id]: chord } });
  };
  return (
    <li className={css.row}>
      <span>{t(doing.id)}</span>
      <button
        className={css.keys}
        data-own={own || undefined}
        data-clash={clash !== undefined || undefined}
        title={clash ? t('keys.clash', { other: t(clash.id) }) : t('keys.change')}
        onClick={() => setListening(true)}
        onBlur={() => setListening(false)}
        onKeyDown={onKeyDown}
      >
        <span className="visually-hidden">{t('keys.of', { name: t(doing.id) })} </span>
        {listening
          ? t('keys.press')
          : keys.map((chord) => <kbd key={chord}>{showKeys(chord)}</kbd>)}
        {!listening && keys.length === 0 && t('keys.none')}
      </button>
    </li>
  );
}
