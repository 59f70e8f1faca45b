import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { LANGUAGES } from '@/i18n';
import { setSettings, useSettings, type Settings as Kept } from '@/state/settings';
import { Dialog } from '@/ui/Dialog';
import { closeDialog } from '../dialogs';
import { Select } from '@/ui/Select';
import css from './Settings.module.css';

const CHOICES = {
  theme: ['system', 'dark', 'light'],
  language: LANGUAGES,
  drag: ['select', 'pan'],
  wheel: ['auto', 'zoom', 'pan'],
  marquee: ['touch', 'whole'],
  links: ['bezier', 'straight', 'hidden'],
} as const satisfies Partial<{ [K in keyof Kept]: readonly Kept[K][] }>;

function Menu({ name }: { name: keyof typeof CHOICES }) {
  const { t } = useTranslation('settings');
  const value = useSettings((settings) => settings[name]);
  return (
    <Select
      className={css.menu}
      data-first={name === 'theme' || undefined}
      value={value}
      onChange={(event) => setSettings({ [name]: event.target.value })}
    >
      {CHOICES[name].map((one: string) => (
        <option key={one} value={one}>
          {t(`${name}.${one}` as 'title')}
        </option>
      ))}
    </Select>
  );
}

function Tick({ name }: { name: 'follow' | 'minimap' | 'snap' }) {
  const checked = useSettings((settings) => settings[name]);
  return (
    <input
      type="checkbox"
      className={css.tick}
      checked={checked}
      onChange={(event) => setSettings({ [name]: event.target.checked })}
    />
  );
}

/** What a user likes, at once. */
export function Settings() {
  const { t } = useTranslation('settings');
  const scale = useSettings((settings) => settings.scale);
  return (
    <Dialog title={t('title')} onClose={closeDialog}>
      <Row label={t('theme.label')}>
        <Menu name="theme" />
      </Row>
      <Row label={t('language.label')}>
        <Menu name="language" />
      </Row>
      <Row label={t('scale.label')} hint={t('scale.hint')}>
        <input
          type="range"
          min={80}
          max={200}
          step={10}
          value={scale}
          aria-valuetext={`${scale} %`}
          onChange={(event) => setSettings({ scale: event.target.valueAsNumber })}
        />
        <output className={css.value}>{`${scale} %`}</output>
      </Row>
      <Row label={t('drag.label')} hint={t('drag.hint')}>
        <Menu name="drag" />
      </Row>
      <Row label={t('wheel.label')} hint={t('wheel.hint')}>
        <Menu name="wheel" />
      </Row>
      <Row label={t('marquee.label')}>
        <Menu name="marquee" />
      </Row>
      <Row label={t('links.label')}>
        <Menu name="links" />
      </Row>
      <Row label={t('snap.label')}>
        <Tick name="snap" />
      </Row>
      <Row label={t('minimap.label')}>
        <Tick name="minimap" />
      </Row>
      <Row label={t('follow.label')} hint={t('follow.hint')}>
        <Tick name="follow" />
      </Row>
    </Dialog>
  );
}

function Row({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <label className={css.row}>
      <span className={css.label}>
        {label}
        {hint && <small className={css.hint}>{hint}</small>}
      </span>
      <span className={css.control}>{children}</span>
    </label>
  );
}
