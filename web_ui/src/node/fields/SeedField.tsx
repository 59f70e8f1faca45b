import { ArrowUp01, Check, Dices, History, Lock, Shuffle, type LucideIcon } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useTranslation } from 'react-i18next';
import type { SeedMode } from '@/core/document';
import { randomSeed } from '@/core/seeds';
import popup from '@/ui/Popup.module.css';
import css from './fields.module.css';
import { NumberField } from './NumberField';
import type { FieldProps, Seeding } from './types';

const MODES: readonly [SeedMode, LucideIcon][] = [
  ['fixed', Lock],
  ['random', Shuffle],
  ['increment', ArrowUp01],
];

/** The number that randomness starts from: what the last run took, and how the next goes on. */
export function SeedField(props: FieldProps) {
  const { t } = useTranslation('fields');
  const { seeding, disabled, onChange, onDone } = props;
  const set = (seed: number): void => {
    onChange(seed);
    onDone();
  };
  return (
    <div className={css.seed}>
      <NumberField {...props} />
      {seeding && (
        <ModeMenu
          seeding={seeding}
          disabled={disabled}
          onLast={(seed) => {
            if (seed !== undefined && seed !== props.value) set(seed);
            seeding.onMode('fixed');
          }}
        />
      )}
      <button
        type="button"
        className={`nodrag nokey ${css.tool}`}
        title={t('seed.dice')}
        aria-label={t('seed.dice')}
        disabled={disabled}
        onClick={() => set(randomSeed())}
      >
        <Dices size={14} aria-hidden />
      </button>
    </div>
  );
}

interface MenuProps {
  seeding: Seeding;
  disabled: boolean;
  onLast(seed: number | undefined): void;
}

function ModeMenu({ seeding, disabled, onLast }: MenuProps) {
  const { t } = useTranslation('fields');
  const { mode, last } = seeding;
  const Icon = MODES.find(([name]) => name === mode)?.[1] ?? Lock;
  const name = t('seed.mode', { mode: t(`seed.modes.${mode}`) });
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <button
          type="button"
          className={`nodrag nokey ${css.tool}`}
          data-mode={mode}
          title={name}
          aria-label={name}
          disabled={disabled}
        >
          <Icon size={14} aria-hidden />
        </button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={`nokey ${popup.popup}`} align="end" sideOffset={4}>
          <DropdownMenu.RadioGroup
            value={mode}
            onValueChange={(next) => seeding.onMode(next as SeedMode)}
          >
            {MODES.map(([one, OneIcon]) => (
              <DropdownMenu.RadioItem key={one} value={one} className={popup.item}>
                <OneIcon size={14} aria-hidden />
                <span className={css.grow}>{t(`seed.modes.${one}`)}</span>
                <DropdownMenu.ItemIndicator>
                  <Check size={14} aria-hidden />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className={popup.separator} />
          <DropdownMenu.Item className={popup.item} onSelect={() => onLast(last)}>
            <History size={14} aria-hidden />
            <span className={css.grow}>{t('seed.useLast')}</span>
            {last !== undefined && <span className={css.hint}>{last}</span>}
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
