import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { uploadAsset } from '@/api/assets';
import { reasonOf } from '@/i18n/said';
import { say } from '@/state/notices';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { useKeys } from '../keys';
import type { MaskWish } from '../open';
import { Sentence } from '../parts';
import { Shell } from '../Shell';
import { loadMask } from './load';
import { encodeGrey } from './png';
import { feather } from './shapes';
import { Surface } from './Surface';
import { EditHistory, type Mask } from './tiles';

interface Props {
  wish: MaskWish;
  onClose(): void;
}

/** What is being painted. */
export interface Painting {
  mask: Mask;
  history: EditHistory;
}

const nameOf = (wish: MaskWish): string =>
  `${(wish.image?.name ?? 'picture').replace(/\.[a-z0-9]+$/i, '').slice(0, 100)}-mask.png`;

/** Painting a mask over a picture, or over nothing. */
export default function MaskEditor({ wish, onClose }: Props) {
  const { t } = useTranslation('viewers');
  const [painting, setPainting] = useState<Painting | null>(null);
  const [failed, setFailed] = useState(false);
  const [saving, setSaving] = useState(false);
  const [asking, setAsking] = useState(false);
  const [soft, setSoft] = useState(0);
  useEffect(() => {
    let gone = false;
    loadMask(wish).then(
      (mask) => !gone && setPainting({ mask, history: new EditHistory() }),
      () => !gone && setFailed(true),
    );
    return () => {
      gone = true;
    };
  }, [wish]);
  const save = async (): Promise<void> => {
    if (!painting || saving) return;
    setSaving(true);
    try {
      const { mask } = painting;
      if (soft) painting.history.add(feather(mask, soft));
      setSoft(0);
      const bytes = await encodeGrey(mask.width, mask.height, mask.data);
      const file = new File([bytes], nameOf(wish), { type: 'image/png' });
      const { asset, name, media } = await uploadAsset(file);
      wish.onSave({ asset, name, media });
      onClose();
    } catch (error) {
      const reason = reasonOf(error);
      say({ kind: 'error', key: 'viewers:mask.notSaved', args: { reason } });
      setSaving(false);
    }
  };
  const leave = (): void => {
    if (painting?.history.canUndo || soft) setAsking(true);
    else onClose();
  };
  return (
    <Shell
      title={wish.image?.name ? t('mask.titleOf', { name: wish.image.name }) : t('mask.title')}
      onClose={leave}
      actions={
        <>
          <SaveKey onSave={() => void save()} />
          <Button look="primary" disabled={!painting || saving} onClick={() => void save()}>
            {t(saving ? 'mask.saving' : 'mask.save')}
          </Button>
        </>
      }
    >
      {painting ? (
        <Surface painting={painting} image={wish.image ?? null} soft={soft} onSoft={setSoft} />
      ) : (
        <Sentence>{t(failed ? 'mask.broken' : 'loading')}</Sentence>
      )}
      {asking && (
        <Dialog
          title={t('mask.leave')}
          onClose={() => setAsking(false)}
          footer={
            <>
              <Button look="quiet" onClick={() => setAsking(false)}>
                {t('mask.goOn')}
              </Button>
              <Button look="danger" onClick={onClose}>
                {t('mask.discard')}
              </Button>
              <Button
                look="primary"
                onClick={() => {
                  setAsking(false);
                  void save();
                }}
              >
                {t('mask.save')}
              </Button>
            </>
          }
        >
          {t('mask.unsaved')}
        </Dialog>
      )}
    </Shell>
  );
}

function SaveKey({ onSave }: { onSave(): void }) {
  useKeys((event) => {
    const save =
      (event.ctrlKey || event.metaKey) && (event.code === 'KeyS' || event.key === 'Enter');
    if (save) onSave();
    return save;
  });
  return null;
}
