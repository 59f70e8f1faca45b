import { useTranslation } from 'react-i18next';
import { useWords } from '@/i18n/said';
import { shortText, useValue, type ValuePart } from '@/state/runs/values';
import type { ViewerItem } from './open';
import { Sentence } from './parts';
import { placeIn } from './places';
import { Json } from './Show';
import css from './text/text.module.css';

/** A value that is no file and no JSON: its tensors, in figures. */
export function Value({ item }: { item: ViewerItem }) {
  const { t } = useTranslation('viewers');
  const words = useWords();
  const { data, error } = useValue(placeIn(item));
  if (error) return <Sentence>{words(error)}</Sentence>;
  if (!data) return <Sentence>{item.output.problem ?? t('loading')}</Sentence>;
  if (data.form === 'json') return <Json value={data.value} title={item.title} />;
  return (
    <div
      className={css.scroll}
      tabIndex={0}
      role="group"
      aria-label={item.title}
      data-viewer="tensors"
    >
      <div className={css.column}>
        {data.length !== null && (
          <p className={css.dim}>{t('tensor.items', { count: data.length })}</p>
        )}
        {data.parts.map((part, at) => (
          <Part key={`${at} ${part.identity}`} part={part} />
        ))}
      </div>
    </div>
  );
}

const COLUMNS = ['shape', 'dtype', 'device', 'min', 'max', 'mean', 'std', 'nonfinite'] as const;

function Part({ part }: { part: ValuePart }) {
  const { t } = useTranslation('viewers');
  return (
    <section className={css.card}>
      <h3>{part.type}</h3>
      {part.preview && <img className={css.preview} src={part.preview} alt={t('tensor.preview')} />}
      {Object.keys(part.facts).length > 0 && (
        <p className={css.dim}>
          {Object.entries(part.facts)
            .map(([name, value]) => `${name} ${shortText(value) ?? '–'}`)
            .join(' · ')}
        </p>
      )}
      {part.problem && <p className={css.warning}>{part.problem}</p>}
      {part.tensors.length > 0 && (
        <div className={css.wide}>
          <table className={css.figures}>
            <thead>
              <tr>
                <th scope="col">{t('tensor.name')}</th>
                {COLUMNS.map((name) => (
                  <th key={name} scope="col">
                    {t(`tensor.${name}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {part.tensors.map((tensor) => (
                <tr key={tensor.name}>
                  <th scope="row">{tensor.name}</th>
                  {COLUMNS.map((name) => (
                    <td
                      key={name}
                      data-warn={(name === 'nonfinite' && tensor.nonfinite > 0) || undefined}
                    >
                      {name === 'shape'
                        ? tensor.shape.join(' × ')
                        : (shortText(tensor[name]) ?? '–')}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
