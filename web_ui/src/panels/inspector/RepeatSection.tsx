import { ChevronDown } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { NodeDocument } from '@/core/document';
import { readWithin } from '@/core/numbers';
import type { NodeView } from '@/core/project';
import { fits } from '@/core/types';
import fields from '@/node/fields/fields.module.css';
import { outputLabel } from '@/node/outputLabel';
import { useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import css from './Inspector.module.css';
import { Line, Property, Section, Switch } from './parts';

const MOST = 10_000;

/** How often a subgraph is gone through, and what each round gives to the next. */
export function RepeatSection({ view, disabled }: { view: NodeView; disabled: boolean }) {
  const { t } = useTranslation('inspector');
  const store = useDocumentStore();
  const { repeat } = view.node;
  const set = (next: NodeDocument['repeat'] | null): void =>
    store.run({
      do: 'setRepeat',
      graph: shownGraph(store.getState()),
      node: view.id,
      repeat: next,
    });
  const setTimes = (text: string): void => {
    if (!repeat) return;
    const named = view.ports.inputs.find((port) => port.name === text);
    const reading = readWithin(text, { integer: true, minimum: 0, maximum: MOST });
    if (named) set({ ...repeat, times: text });
    else if (!reading.why) set({ ...repeat, times: reading.value });
  };
  const carry = (output: string, input: string): void => {
    if (!repeat) return;
    const { [output]: _before, ...others } = repeat.carry ?? {};
    const made = input ? { ...others, [output]: input } : others;
    const { carry: _carry, ...rest } = repeat;
    set(Object.keys(made).length ? { ...rest, carry: made } : rest);
  };
  return (
    <Section title={t('repeat.title')}>
      <Property label={t('repeat.on')}>
        {(labelId) => (
          <Switch
            checked={repeat !== undefined}
            labelId={labelId}
            disabled={disabled}
            onChange={(on) => set(on ? { times: 2 } : null)}
          />
        )}
      </Property>
      {repeat && (
        <>
          <Property label={t('repeat.times')}>
            {(labelId) => (
              <Line
                value={String(repeat.times)}
                labelId={labelId}
                disabled={disabled}
                onCommit={setTimes}
              />
            )}
          </Property>
          <p className={css.hint}>{t('repeat.hint')}</p>
          {view.ports.outputs.map((output) => {
            const fitting = view.ports.inputs.filter(
              (input) => fits(output.type, input.type).how === 'direct',
            );
            const chosen = repeat.carry?.[output.name] ?? '';
            return (
              <Property key={output.name} label={outputLabel(output, t)}>
                {(labelId) => (
                  <span className={fields.choice}>
                    <select
                      className={fields.select}
                      value={chosen}
                      aria-labelledby={labelId}
                      disabled={disabled || (!fitting.length && !chosen)}
                      onChange={(event) => carry(output.name, event.target.value)}
                    >
                      <option value="">{t('repeat.none')}</option>
                      {fitting.map((input) => (
                        <option key={input.name} value={input.name}>
                          {t('repeat.into', { input: input.label })}
                        </option>
                      ))}
                      {chosen && !fitting.some((input) => input.name === chosen) && (
                        <option value={chosen}>{chosen}</option>
                      )}
                    </select>
                    <ChevronDown size={12} aria-hidden />
                  </span>
                )}
              </Property>
            );
          })}
        </>
      )}
    </Section>
  );
}
