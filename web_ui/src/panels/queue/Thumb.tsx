import { Image, Type, Waypoints } from 'lucide-react';
import { useRunPreview, type RunFacts } from '@/state/runs';
import { isPicture, pictureUrl } from '@/state/runs/values';
import css from './Queue.module.css';

/** A small picture of a run: what came out, or what is being made. */
export function Thumb({ facts }: { facts: RunFacts }) {
  const live = useRunPreview(facts.id);
  const files = Object.values(facts.outputs).flatMap((output) => output.files);
  const picture = files.find((file) => isPicture(file.media));
  const source = picture ? pictureUrl(picture.asset, 40) : live;
  if (source) return <img className={css.thumb} src={source} alt="" loading="lazy" />;
  const Icon = ICONS[files.length ? 'file' : Object.keys(facts.outputs).length ? 'text' : 'none'];
  return (
    <span className={css.thumb}>
      <Icon size={16} strokeWidth={1.5} aria-hidden />
    </span>
  );
}

const ICONS = { file: Image, text: Type, none: Waypoints };
