import { Footprints, Route } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type PointerEvent, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useSettings } from '@/state/settings';
import { useKeys } from '../keys';
import { Bar, Gap, IconButton, Sentence } from '../parts';
import { Controls } from '../playing/Controls';
import css from '../playing/playing.module.css';
import { Track } from '../playing/Track';
import { useClock } from '../playing/transport';
import { readBvh } from './bvh';
import { drawFlat, type Flat } from './flat';
import { boxOf, frameAt, motionOf, type Motion as Joints } from './joints';
import own from './Motion.module.css';
import { hasWebgl } from './renderer';
import { Stage } from './stage';

interface Props {
  /** The text of a BVH file, or joints and frames as JSON. */
  source: unknown;
  title: string;
}

/** A skeleton that moves. */
export default function Motion({ source, title }: Props) {
  const { t } = useTranslation('viewers');
  const motion = useMemo(() => {
    try {
      return typeof source === 'string' ? readBvh(source) : motionOf(source);
    } catch {
      return null;
    }
  }, [source]);
  if (!motion) return <Sentence>{t('motion.broken')}</Sentence>;
  return <Moving motion={motion} title={title} />;
}

const TURN = Math.PI / 12;

function Moving({ motion, title }: { motion: Joints; title: string }) {
  const { t } = useTranslation('viewers');
  const transport = useClock(motion.count * motion.frameTime);
  const [follow, setFollow] = useState(false);
  const [trail, setTrail] = useState(true);
  const [webgl] = useState(hasWebgl);
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = frameAt(motion, transport.time);
  const step = (by: number): void => transport.seek((frame + by + 0.5) * motion.frameTime);
  const solid = useSolid(canvas, motion, frame, { on: webgl, follow, trail });
  const flat = useFlat(canvas, motion, frame, !webgl);
  const move = webgl ? solid : flat.move;
  useKeys((event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.shiftKey && event.key === 'ArrowLeft') move(-TURN, 1);
    else if (event.shiftKey && event.key === 'ArrowRight') move(TURN, 1);
    else if (event.key === '+' || event.key === '=') move(0, 1.2);
    else if (event.key === '-') move(0, 1 / 1.2);
    else return false;
    return true;
  });
  return (
    <div className={css.viewer} data-viewer="motion" data-frame={frame} data-webgl={webgl}>
      <div className={own.screen}>
        <canvas
          ref={canvas}
          className={own.canvas}
          role="img"
          aria-label={t('motion.label', { title, joints: motion.names.length })}
          {...(webgl ? {} : flat.handlers)}
        />
        {!webgl && <p className={own.note}>{t('motion.flat')}</p>}
      </div>
      <Track transport={transport} label={t('motion.track', { title })} />
      <Bar label={t('tools')}>
        <Controls transport={transport} onStep={step} />
        <Gap />
        <span data-testid="frame">{t('motion.frame', { at: frame + 1, count: motion.count })}</span>
        {webgl && (
          <>
            <IconButton
              icon={Route}
              label={t('motion.trail')}
              pressed={trail}
              onClick={() => setTrail(!trail)}
            />
            <IconButton
              icon={Footprints}
              label={t('motion.follow')}
              pressed={follow}
              onClick={() => setFollow(!follow)}
            />
          </>
        )}
      </Bar>
    </div>
  );
}

const colour = (element: Element, token: string): string =>
  getComputedStyle(element).getPropertyValue(token).trim();

/** Whether a theme is dark or light is told by what is read of it. */
const useTheme = (): string => useSettings((settings) => settings.theme);

type Canvas = RefObject<HTMLCanvasElement | null>;

/** In three dimensions. */
function useSolid(
  canvas: Canvas,
  motion: Joints,
  frame: number,
  { on, follow, trail }: { on: boolean; follow: boolean; trail: boolean },
): (round: number, nearer: number) => void {
  const stage = useRef<Stage | null>(null);
  const theme = useTheme();
  useEffect(() => {
    const element = canvas.current;
    if (!on || !element) return;
    const made = new Stage(element, motion, {
      bone: colour(element, '--family-motion'),
      joint: colour(element, '--text'),
      grid: colour(element, '--line'),
      axis: colour(element, '--line-strong'),
      trail: colour(element, '--accent'),
    });
    stage.current = made;
    const size = (): void =>
      made.resize(element.clientWidth * devicePixelRatio, element.clientHeight * devicePixelRatio);
    const watch = new ResizeObserver(size);
    watch.observe(element);
    size();
    return () => {
      watch.disconnect();
      made.dispose();
      stage.current = null;
    };
  }, [canvas, motion, on, theme]);
  useEffect(() => {
    if (stage.current) stage.current.follow = follow;
    stage.current?.show(frame);
  }, [frame, follow, theme]);
  useEffect(() => stage.current?.showTrail(trail), [trail, theme]);
  return (round, nearer) => stage.current?.move(round, nearer);
}

/** From a side, where there is no WebGL. */
function useFlat(canvas: Canvas, motion: Joints, frame: number, on: boolean) {
  const [flat, setFlat] = useState<Flat>({ yaw: 0.5, zoom: 1 });
  const held = useRef<number | null>(null);
  const theme = useTheme();
  const box = useMemo(() => boxOf(motion), [motion]);
  useEffect(() => {
    const element = canvas.current;
    if (!on || !element) return;
    const draw = (): void => {
      element.width = element.clientWidth * devicePixelRatio;
      element.height = element.clientHeight * devicePixelRatio;
      drawFlat(element.getContext('2d')!, motion, frame, box, flat, {
        bone: colour(element, '--family-motion'),
        joint: colour(element, '--text'),
        line: colour(element, '--line'),
      });
    };
    const watch = new ResizeObserver(draw);
    watch.observe(element);
    return () => watch.disconnect();
  }, [canvas, motion, frame, box, flat, on, theme]);
  return {
    move: (round: number, nearer: number) =>
      setFlat((now) => ({ yaw: now.yaw + round, zoom: now.zoom * nearer })),
    handlers: {
      onPointerDown(event: PointerEvent) {
        event.currentTarget.setPointerCapture(event.pointerId);
        held.current = event.clientX;
      },
      onPointerMove(event: PointerEvent) {
        if (held.current === null) return;
        const moved = event.clientX - held.current;
        held.current = event.clientX;
        setFlat((now) => ({ ...now, yaw: now.yaw + moved / 150 }));
      },
      onPointerUp: () => (held.current = null),
    },
  };
}
