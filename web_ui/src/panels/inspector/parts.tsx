/** What the inspector's parts are made of. */

import { ArrowUpRight, type LucideIcon } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { COLORS, type Color } from '@/core/document';
import { reveal } from '@/shell/commands/move';
import { useDocument, useDocumentStore } from '@/state/context';
import css from './Inspector.module.css';
import type { NameFault } from './names';

interface SectionProps {
  title: string;
  count?: number;
  action?: ReactNode;
  children: ReactNode;
}

export function Section({ title, count, action, children }: SectionProps) {
  const id = useId();
  return (
    <section className={css.section} aria-labelledby={id}>
      <header className={css.sectionHead}>
        <h3 id={id}>{title}</h3>
        {count !== undefined && <span className={css.count}>{count}</span>}
        {action}
      </header>
      {children}
    </section>
  );
}

/** A name and what it stands for, in a line. */
export function Property({
  label,
  children,
}: {
  label: string;
  children: (labelId: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className={css.property}>
      <span id={id} className={css.label}>
        {label}
      </span>
      {children(id)}
    </div>
  );
}

interface LineProps {
  value: string;
  label?: string;
  labelId?: string;
  placeholder?: string | undefined;
  mono?: boolean;
  disabled: boolean;
  /** Why a text cannot be taken; null if it can. */
  fault?(text: string): NameFault | null;
  onCommit(text: string): void;
}

/** A line of text that is taken as a whole: with Enter, or when it is left. */
export function Line(props: LineProps) {
  const { value, label, labelId, placeholder, mono, disabled, fault, onCommit } = props;
  const { t } = useTranslation('inspector');
  const [text, setText] = useState<string | null>(null);
  const why = text !== null && text.trim() !== value ? (fault?.(text.trim()) ?? null) : null;
  const take = (): void => {
    if (text !== null && text.trim() !== value && why === null) onCommit(text.trim());
    setText(null);
  };
  return (
    <span className={css.line}>
      <input
        type="text"
        value={text ?? value}
        aria-label={label}
        aria-labelledby={labelId}
        aria-invalid={why !== null || undefined}
        placeholder={placeholder}
        spellCheck={!mono}
        data-mono={mono || undefined}
        disabled={disabled}
        onChange={(event) => setText(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === 'Enter' && why === null) take();
          else if (event.key === 'Escape') setText(null);
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      {why && (
        <span role="alert" className={css.fault}>
          {t(why)}
        </span>
      )}
    </span>
  );
}

interface AreaProps {
  value: string;
  label?: string;
  labelId?: string;
  placeholder?: string | undefined;
  disabled: boolean;
  rows?: number;
  /** Whether it is as high as its text. */
  fits?: boolean;
  onCommit(text: string): void;
}

/** The same for several lines; Enter is a new one. */
export function Area(props: AreaProps) {
  const { value, label, labelId, placeholder, disabled, fits, onCommit } = props;
  const { rows = fits ? 1 : 3 } = props;
  const [text, setText] = useState<string | null>(null);
  return (
    <textarea
      className={css.area}
      data-fits={fits || undefined}
      rows={rows}
      value={text ?? value}
      aria-label={label}
      aria-labelledby={labelId}
      placeholder={placeholder}
      disabled={disabled}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => {
        if (text !== null && text !== value) onCommit(text);
        setText(null);
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.nativeEvent.isComposing) return;
        event.stopPropagation();
        setText(null);
      }}
    />
  );
}

interface ToolProps {
  icon: LucideIcon;
  label: string;
  pressed?: boolean;
  disabled?: boolean;
  onClick(): void;
}

/** A small button with an icon. */
export function Tool({ icon: Icon, label, pressed, disabled, onClick }: ToolProps) {
  return (
    <button
      type="button"
      className={css.tool}
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon size={14} aria-hidden />
    </button>
  );
}

/** The colours that can be given, and none. */
export function Swatches({
  value,
  labelId,
  disabled,
  onChoose,
}: {
  /** Undefined where there are several. */
  value: Color | null | undefined;
  labelId: string;
  disabled: boolean;
  onChoose(color: Color | null): void;
}) {
  const { t } = useTranslation('commands');
  return (
    <span role="group" aria-labelledby={labelId} className={css.swatches}>
      {([null, ...COLORS] as const).map((color) => (
        <button
          key={color}
          type="button"
          data-tint={color ?? undefined}
          aria-pressed={value === color}
          title={t(`color.${color ?? 'none'}`)}
          aria-label={t(`color.${color ?? 'none'}`)}
          disabled={disabled}
          onClick={() => onChoose(color)}
        />
      ))}
    </span>
  );
}

interface Choice<T> {
  value: T;
  label: string;
  icon?: LucideIcon;
}

/** One of a few, all of which are seen. */
export function Segments<T extends string>({
  value,
  choices,
  labelId,
  disabled,
  onChoose,
}: {
  value: T | undefined;
  choices: readonly Choice<T>[];
  labelId: string;
  disabled: boolean;
  onChoose(value: T): void;
}) {
  return (
    <span role="group" aria-labelledby={labelId} className={css.segments}>
      {choices.map(({ value: one, label, icon: Icon }) => (
        <button
          key={one}
          type="button"
          aria-pressed={value === one}
          disabled={disabled}
          onClick={() => onChoose(one)}
        >
          {Icon && <Icon size={13} aria-hidden />}
          {label}
        </button>
      ))}
    </span>
  );
}

/** Yes or no. */
export function Switch({
  checked,
  labelId,
  disabled,
  onChange,
}: {
  checked: boolean;
  labelId: string;
  disabled: boolean;
  onChange(checked: boolean): void;
}) {
  return (
    <input
      type="checkbox"
      role="switch"
      className={css.switch}
      checked={checked}
      aria-labelledby={labelId}
      disabled={disabled}
      onChange={(event) => onChange(event.target.checked)}
    />
  );
}

/** The way to another node: it is selected and brought into view. */
export function Jump({ node, children }: { node: string; children: ReactNode }) {
  const store = useDocumentStore();
  const there = useDocument((state) => state.projected.views.has(node));
  return (
    <button
      type="button"
      className={css.jump}
      disabled={!there}
      onClick={() => {
        store.select([node]);
        reveal(store, [node]);
      }}
    >
      <span>{children}</span>
      <ArrowUpRight size={13} aria-hidden />
    </button>
  );
}

const ADDRESS = /(https?:\/\/[!-~]*[\w/]|``[^`]+``)/;

/** The words of a node's author: paragraphs, addresses as links, ``code``. */
export function Help({ text }: { text: string }) {
  const paragraphs = text.trim().split(/\n\s*\n/);
  return paragraphs.map((paragraph, place) => (
    <p key={place} className={css.help}>
      {paragraph.split(ADDRESS).map((part, index) =>
        part.startsWith('http') ? (
          <a key={index} href={part} target="_blank" rel="noreferrer noopener">
            {part.replace(/^https?:\/\//, '')}
          </a>
        ) : part.startsWith('``') ? (
          <code key={index}>{part.slice(2, -2)}</code>
        ) : (
          part
        ),
      )}
    </p>
  ));
}
