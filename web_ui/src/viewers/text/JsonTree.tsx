import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import css from './text.module.css';

/** Items of a list or object that are shown before one asks for more. */
const AT_ONCE = 100;

/** JSON as a tree that folds. */
export function JsonTree({ value, title }: { value: unknown; title: string }) {
  return (
    <div className={css.scroll} tabIndex={0} role="group" aria-label={title} data-viewer="json">
      <div className={css.tree}>
        <ul>
          <Branch value={value} depth={0} />
        </ul>
      </div>
    </div>
  );
}

interface Props {
  name?: string;
  value: unknown;
  depth: number;
}

function Branch({ name, value, depth }: Props) {
  const { t } = useTranslation('viewers');
  const [open, setOpen] = useState(depth < 2);
  const [shown, setShown] = useState(AT_ONCE);
  const label = name === undefined ? null : <span className={css.key}>{`${name}: `}</span>;
  if (typeof value !== 'object' || value === null)
    return (
      <li>
        {label}
        <span className={css.leaf} data-kind={value === null ? 'null' : typeof value}>
          {typeof value === 'string' ? JSON.stringify(value) : String(value)}
        </span>
      </li>
    );
  const list = Array.isArray(value);
  const entries = Object.entries(value);
  const Icon = open ? ChevronDown : ChevronRight;
  return (
    <li>
      <button
        type="button"
        className={css.fold}
        style={depth === 0 ? { marginLeft: 0 } : undefined}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon size={14} aria-hidden />
        {label}
        <span className={css.count}>
          {t(list ? 'json.items' : 'json.keys', { count: entries.length })}
        </span>
      </button>
      {open && (
        <ul>
          {entries.slice(0, shown).map(([key, one]) => (
            <Branch key={key} name={key} value={one} depth={depth + 1} />
          ))}
          {entries.length > shown && (
            <li>
              <button
                type="button"
                className={css.fold}
                style={{ marginLeft: 0 }}
                onClick={() => setShown(shown + AT_ONCE * 5)}
              >
                {t('more', { count: entries.length - shown })}
              </button>
            </li>
          )}
        </ul>
      )}
    </li>
  );
}
