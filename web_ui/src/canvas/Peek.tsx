import { useTranslation } from 'react-i18next';
import { useWords } from '@/i18n/said';
import { figures, Piece } from '@/node/NodePreview';
import { placeOf, shortText, useValue } from '@/state/runs/values';
import css from './Peek.module.css';
import { usePeek, type Peek as Peeking } from './peeking';

/** What stood at the link or output that the pointer rests on. */
export function Peek() {
  const peek = usePeek((state) => state.peek);
  return peek && <Card peek={peek} key={`${peek.path} ${peek.port}`} />;
}

function Card({ peek }: { peek: Peeking }) {
  const { t } = useTranslation('runs');
  const words = useWords();
  const place = placeOf(peek.store.getState().uid, peek.path, peek.port);
  const { data, error, isPending } = useValue(place);
  const view = peek.store.getState().projected.views.get(peek.node);
  const output = view?.ports.outputs.findIndex((one) => one.name === peek.port) ?? -1;
  const type = view?.outputTypes[output]?.text ?? '';
  if (!place) return null;
  const part = data?.parts[0];
  const text = data?.form === 'json' ? shortText(data.value) : null;
  const left = Math.min(peek.screen.x + 14, window.innerWidth - 276);
  const top = Math.min(peek.screen.y + 14, window.innerHeight - 220);
  return (
    <div className={css.peek} style={{ left, top }} role="tooltip">
      <p className={css.head}>
        <b>{`${peek.node}.${peek.port}`}</b>
        <span>{type}</span>
      </p>
      {error && <p className={css.note}>{words(error)}</p>}
      {!error && isPending && <p className={css.note}>{t('peek.loading')}</p>}
      {text !== null && <p className={css.text}>{text.slice(0, 600)}</p>}
      {part && (
        <div className={css.picture}>
          <Piece piece={{ part, file: part.files[0] ?? null }} width={248} title={peek.port} />
        </div>
      )}
      {part && <p className={css.note}>{figures(part)}</p>}
      {part?.tensors.slice(0, 3).map((one) => (
        <p key={one.name} className={css.note}>
          {t('peek.range', {
            shape: one.shape.join('×'),
            min: shortText(one.min) ?? '–',
            max: shortText(one.max) ?? '–',
            mean: shortText(one.mean) ?? '–',
          })}
        </p>
      ))}
      {data?.length != null && <p className={css.note}>{t('items', { count: data.length })}</p>}
    </div>
  );
}
