import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useWords } from '@/i18n/said';
import { useText } from '../bytes';
import type { File } from '../kinds';
import type { ViewerItem } from '../open';
import { Sentence } from '../parts';
import type { Motion as Joints } from './joints';
import { useBytes } from './bytes';
import Motion from './Motion';
import { useSounds } from './sounds';

interface Props {
  item: ViewerItem;
  file: File;
}

/** A motion in a file, with what is heard to it. */
export default function MotionFile({ item, file }: Props) {
  const binary = /\.glb$/i.test(file.name) || file.media === 'model/gltf-binary';
  const sounds = useSounds(item);
  const Read = binary ? OfGlb : OfBvh;
  return <Read file={file} title={item.title} sounds={sounds} />;
}

interface ReadProps {
  file: File;
  title: string;
  sounds: ReturnType<typeof useSounds>;
}

function OfBvh({ file, ...rest }: ReadProps) {
  const { data, error } = useText(file.asset, file.bytes);
  return data ? <Motion source={data.text} {...rest} /> : <Waiting error={error} />;
}

function OfGlb({ file, ...rest }: ReadProps) {
  const { data, error } = useBytes(file.asset);
  const [read, setRead] = useState<Joints | 'broken' | null>(null);
  useEffect(() => {
    let wanted = true;
    const told = (found: Joints | 'broken'): void => {
      if (wanted) setRead(found);
    };
    if (data)
      void import('./glb').then(({ readGlb }) => readGlb(data)).then(told, () => told('broken'));
    return () => {
      wanted = false;
    };
  }, [data]);
  return read ? <Motion source={read} {...rest} /> : <Waiting error={error} />;
}

function Waiting({ error }: { error: Error | null }) {
  const { t } = useTranslation('viewers');
  const words = useWords();
  return <Sentence>{error ? words(error) : t('loading')}</Sentence>;
}
