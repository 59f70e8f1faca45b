import { Check, Search } from 'lucide-react';
import { Popover } from 'radix-ui';
import {
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { useTranslation } from 'react-i18next';
import popup from '@/ui/Popup.module.css';
import css from './Combo.module.css';
import fields from './fields.module.css';

export interface Option {
  value: string;
  label: string;
  /** Said in small type behind the label. */
  hint?: string;
  /** Said in small type below the label. */
  detail?: string;
  /** The address of a picture that stands before the label. */
  picture?: string;
  /** Heading that it stands below; options of one group follow one another. */
  group?: string;
}

interface Props {
  value: string;
  options: readonly Option[];
  labelId: string;
  disabled: boolean;
  focused?: boolean | undefined;
  /** Whether a text that is no option can be given. */
  free?: boolean;
  /** What stands before the value on the button. */
  mark?: ReactNode;
  placeholder?: string;
  /** What is said where there is no option at all. */
  empty?: string;
  onOpen?(): void;
  onChange(value: string): void;
}

/** So many options are listed; whoever looks for more types. */
const MOST = 200;

const plain = (text: string): string => text.normalize('NFKC').toLowerCase();

/** A menu with a search. */
export function Combo(props: Props) {
  const { value, options, labelId, disabled, focused, mark, placeholder, onOpen } = props;
  const [open, setOpen] = useState(false);
  const textId = useId();
  const label = options.find((one) => one.value === value)?.label ?? value;
  return (
    <Popover.Root
      open={open}
      onOpenChange={(next) => {
        setOpen(next);
        if (next) onOpen?.();
      }}
    >
      <Popover.Trigger asChild>
        <button
          type="button"
          className={`nodrag nokey ${fields.button} ${fields.opens}`}
          aria-labelledby={`${labelId} ${textId}`}
          disabled={disabled}
          autoFocus={focused}
          title={label}
        >
          {mark}
          <span id={textId} data-empty={!label || undefined}>
            {label || placeholder}
          </span>
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={`nokey ${popup.popup} ${css.content}`}
          aria-labelledby={labelId}
          align="start"
          sideOffset={4}
          collisionPadding={8}
          onDoubleClick={(event) => event.stopPropagation()}
        >
          <Choices {...props} onClose={() => setOpen(false)} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Choices({
  value,
  options,
  free,
  labelId,
  empty,
  onChange,
  onClose,
}: Props & { onClose(): void }) {
  const { t } = useTranslation('fields');
  const [text, setText] = useState('');
  const every = useMemo(() => {
    const words = plain(text).split(/\s+/).filter(Boolean);
    const left = options.filter((one) => {
      const all = plain(
        `${one.label} ${one.value} ${one.hint ?? ''} ${one.detail ?? ''} ${one.group ?? ''}`,
      );
      return words.every((word) => all.includes(word));
    });
    const typed = text.trim();
    return free && typed && !options.some((one) => one.value === typed)
      ? [...left, { value: typed, label: t('combo.use', { text: typed }) }]
      : left;
  }, [text, options, free, t]);
  const found = every.slice(0, MOST);
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      options.findIndex((one) => one.value === value),
    ),
  );
  const place = Math.min(at, found.length - 1);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [place]);
  const choose = (one: Option | undefined): void => {
    if (!one) return;
    if (one.value !== value) onChange(one.value);
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'ArrowDown') setAt(Math.min(place + 1, found.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(place - 1, 0));
    else if (event.key === 'Enter') choose(found[place]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <div className={css.search}>
        <Search size={14} aria-hidden />
        <input
          type="text"
          role="combobox"
          aria-expanded
          aria-controls={listId}
          aria-activedescendant={found[place] ? `${listId}-${place}` : undefined}
          aria-labelledby={labelId}
          placeholder={t(free ? 'combo.searchOrType' : 'combo.search')}
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div ref={list} id={listId} role="listbox" aria-labelledby={labelId} className={css.list}>
        {found.map((one, index) => (
          <Row
            key={one.value}
            id={`${listId}-${index}`}
            option={one}
            headed={one.group !== undefined && one.group !== found[index - 1]?.group}
            active={index === place}
            chosen={one.value === value}
            onPoint={() => setAt(index)}
            onChoose={() => choose(one)}
          />
        ))}
      </div>
      {every.length > found.length && (
        <p className={css.none}>{t('combo.more', { count: every.length - found.length })}</p>
      )}
      {found.length === 0 && (
        <p className={css.none}>{options.length || !empty ? t('combo.none') : empty}</p>
      )}
    </>
  );
}

interface RowProps {
  id: string;
  option: Option;
  headed: boolean;
  active: boolean;
  chosen: boolean;
  onPoint(): void;
  onChoose(): void;
}

function Row({ id, option, headed, active, chosen, onPoint, onChoose }: RowProps) {
  return (
    <>
      {headed && (
        <div role="presentation" className={css.heading}>
          {option.group}
        </div>
      )}
      <div
        id={id}
        role="option"
        aria-selected={active}
        aria-current={chosen || undefined}
        className={popup.item}
        onPointerMove={onPoint}
        onClick={onChoose}
      >
        {option.picture && (
          <img className={css.picture} src={option.picture} alt="" loading="lazy" />
        )}
        <span className={css.label}>
          {option.label}
          {option.detail && <span className={css.detail}>{option.detail}</span>}
        </span>
        {option.hint && <span className={css.hint}>{option.hint}</span>}
        <Check size={14} aria-hidden visibility={chosen ? 'visible' : 'hidden'} />
      </div>
    </>
  );
}
