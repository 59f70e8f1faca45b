import { useTranslation } from 'react-i18next';
import css from './fields.module.css';

/** Why what was typed is not taken, below the field. */
export function Fault({ why }: { why: { key: string; args: object } }) {
  const { t } = useTranslation('reading');
  return (
    <span role="alert" className={css.fault}>
      {t(why.key, { ...why.args })}
    </span>
  );
}
