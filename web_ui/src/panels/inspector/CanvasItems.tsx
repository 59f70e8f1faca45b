import { useTranslation } from 'react-i18next';
import type { FrameLayout, NoteLayout } from '@/core/document';
import { useDocument, useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import { Area, Jump, Line, Property, Section, Swatches } from './parts';
import css from './Inspector.module.css';

/** A frame: its title, its colour, and what is in it. */
export function FramePanel({ id, frame }: { id: string; frame: FrameLayout }) {
  const { t } = useTranslation('inspector');
  const store = useDocumentStore();
  const disabled = useDocument((state) => state.readOnly);
  const set = (changes: { title?: string | null; color?: FrameLayout['color'] | null }): void =>
    store.run({
      do: 'setFrame',
      graph: shownGraph(store.getState()),
      id,
      frame: changes as Partial<FrameLayout>,
    });
  const members = frame.members ?? [];
  return (
    <>
      <Section title={t('frame.title')}>
        <Property label={t('title')}>
          {(labelId) => (
            <Line
              value={frame.title ?? ''}
              labelId={labelId}
              disabled={disabled}
              onCommit={(title) => set({ title: title || null })}
            />
          )}
        </Property>
        <Property label={t('color')}>
          {(labelId) => (
            <Swatches
              value={frame.color ?? null}
              labelId={labelId}
              disabled={disabled}
              onChoose={(color) => set({ color })}
            />
          )}
        </Property>
      </Section>
      <Section title={t('frame.members')} count={members.length}>
        {members.length === 0 && <p className={css.hint}>{t('frame.empty')}</p>}
        {members
          .filter((member) => !member.includes(':'))
          .map((member) => (
            <Jump key={member} node={member}>
              {member}
            </Jump>
          ))}
      </Section>
    </>
  );
}

/** A note: its words and its colour. */
export function NotePanel({ id, note }: { id: string; note: NoteLayout }) {
  const { t } = useTranslation('inspector');
  const store = useDocumentStore();
  const disabled = useDocument((state) => state.readOnly);
  const graph = (): string => shownGraph(store.getState());
  return (
    <Section title={t('note.title')}>
      <Area
        rows={8}
        value={note.text}
        label={t('note.title')}
        disabled={disabled}
        onCommit={(text) => store.run({ do: 'setNote', graph: graph(), id, note: { text } })}
      />
      <Property label={t('color')}>
        {(labelId) => (
          <Swatches
            value={note.color ?? null}
            labelId={labelId}
            disabled={disabled}
            onChoose={(color) => store.run({ do: 'setNote', graph: graph(), id, note: { color } })}
          />
        )}
      </Property>
    </Section>
  );
}
