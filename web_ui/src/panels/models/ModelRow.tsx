import { Box, ChevronDown, ChevronRight, TriangleAlert } from 'lucide-react';
import { useId, useState, type PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { calledIn } from '@/core/models';
import { pictureUrl, sized, type Model } from '@/state/models';
import css from './Models.module.css';

interface Props {
  model: Model;
  /** Whether pressing it sets the selected node or adds one; null if neither can be. */
  use: 'node' | 'new' | null;
  readOnly: boolean;
  onPress(event: PointerEvent): void;
  onUse(): void;
}

/** A model in the list, with all that is known of it at a press. */
export function ModelRow({ model, use, readOnly, onPress, onUse }: Props) {
  const { t, i18n } = useTranslation('models');
  const [open, setOpen] = useState(false);
  const factsId = useId();
  const { folder, name } = calledIn(model.source);
  const family = [model.family, model.variant].filter(Boolean).join(' · ');
  return (
    <li className={css.row} data-wrong={Boolean(model.wrong)}>
      <div className={css.head}>
        <button
          className={css.entry}
          disabled={readOnly || use === null}
          title={use === null && !model.wrong ? t('noNode') : model.source}
          onPointerDown={use === null || readOnly ? undefined : onPress}
          onClick={onUse}
        >
          <span className="visually-hidden">{t(use === 'node' ? 'useIn' : 'use')}</span>
          <Picture model={model} />
          <span className={css.text}>
            <span className={css.name}>{name}</span>
            <span className={css.about}>
              {[family, sized(model.bytes, i18n.language)].filter(Boolean).join(' · ')}
            </span>
            <span className={css.about}>
              {[model.licence, folder || model.pack].filter(Boolean).join(' · ')}
            </span>
          </span>
        </button>
        <button
          className={css.unfold}
          aria-label={t('details', { name: model.source })}
          title={t('details', { name: model.source })}
          aria-expanded={open}
          aria-controls={open ? factsId : undefined}
          onClick={() => setOpen(!open)}
        >
          {open ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
        </button>
      </div>
      {model.wrong && (
        <p className={css.wrong} title={model.wrong}>
          <TriangleAlert size={12} aria-hidden />
          <span>
            {t(`faults.${model.fault}`)}
            {model.fault === 'pickle' && (
              <code>{`musegraph models convert ${quoted(model.source)}`}</code>
            )}
          </span>
        </p>
      )}
      {model.same.length > 0 && (
        <p className={css.note}>{`${t('facts.same')}: ${model.same.join(', ')}`}</p>
      )}
      {open && <Facts id={factsId} model={model} />}
    </li>
  );
}

const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;

function Picture({ model }: { model: Model }) {
  const [failed, setFailed] = useState(false);
  return (
    <span className={css.picture}>
      {model.preview && !failed ? (
        <img
          src={pictureUrl(model.source, 96)}
          alt=""
          loading="lazy"
          decoding="async"
          draggable={false}
          onError={() => setFailed(true)}
        />
      ) : (
        <Box size={18} strokeWidth={1.5} aria-hidden />
      )}
    </span>
  );
}

/** What is known of a model, as far as anything is. */
function Facts({ id, model }: { id: string; model: Model }) {
  const { t, i18n } = useTranslation('models');
  const count = new Intl.NumberFormat(i18n.language, {
    notation: 'compact',
    maximumFractionDigits: 1,
  });
  const rows: [string, string][] = [
    ['title', model.title],
    ['author', model.author],
    ['licence', model.licence || t('noLicence')],
    ['origin', model.origin],
    ['family', [model.family, model.variant].filter(Boolean).join(' · ')],
    ['prediction', model.prediction && t(`predicts.${model.prediction}`)],
    ['precision', model.precision],
    ['parameters', model.parameters ? count.format(model.parameters) : ''],
    ['triggers', model.triggers.join(', ')],
    ['formerly', model.formerly.join(', ')],
    ['digest', model.digest?.slice(0, 19) ?? t('unhashed')],
  ];
  return (
    <dl id={id} className={css.facts}>
      {rows
        .filter(([, text]) => text)
        .map(([name, text]) => (
          <div key={name}>
            <dt>{t(`facts.${name}`)}</dt>
            <dd>{text}</dd>
          </div>
        ))}
    </dl>
  );
}
