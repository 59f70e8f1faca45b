import { useTranslation } from 'react-i18next';
import type { ViewerItem } from '../open';
import { Thumb } from '../Thumb';
import viewer from '../Viewer.module.css';

interface Props {
  items: readonly ViewerItem[];
  chosen: ViewerItem | undefined;
  onChoose(item: ViewerItem): void;
}

/** What one may compare with. */
export function Others({ items, chosen, onChoose }: Props) {
  const { t } = useTranslation('viewers');
  return (
    <nav className={viewer.strip} aria-label={t('compare.others')}>
      {items.slice(0, 60).map((item, place) => (
        <button
          key={`${place} ${item.output.files[0]!.asset}`}
          type="button"
          className={viewer.small}
          aria-label={t('compare.with', { place: place + 1, title: item.title })}
          aria-current={item === chosen}
          onClick={() => onChoose(item)}
        >
          <Thumb output={item.output} size={64} />
        </button>
      ))}
    </nav>
  );
}
