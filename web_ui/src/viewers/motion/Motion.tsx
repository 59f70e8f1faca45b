import { Bone, Footprints, Route } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type PointerEvent, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { assetUrl } from '@/api/client';
import { useSettings } from '@/state/settings';
import { Select } from '@/ui/Select';
import { startOf, usePeaks } from '../audio/peaks';
import { Wave } from '../audio/Wave';
import { useKeys } from '../keys';
import { Bar, Gap, IconButton, Sentence } from '../parts';
import { Controls } from '../playing/Controls';
import css from '../playing/playing.module.css';
import { Track } from '../playing/Track';
import { useClock, useMedia, type Transport } from '../playing/transport';
import { readBvh } from './bvh';
import { drawFlat, type Flat } from './flat';
import { boxOf, frameAt, motionOf, type Motion as Joints } from './joints';
import own from './Motion.module.css';
import { isBody } from './parts';
import { hasWebgl } from './renderer';
import type { Sounding } from './sounds';
import { Stage } from './stage';

interface Props {
  /** The text of a BVH file, joints and frames as JSON, or what has been read already. */
  source: unknown;
  title: string;
  /** What may be heard to it; the first is. */
  sounds: readonly Sounding[];
}

/** A figure that moves. */
export default function Motion({ source, title, sounds }: Props) {
  const { t } = useTranslation('viewers');
  const motion = useMemo(() => {
    try {
      if (typeof source === 'string') return source === 'broken' ? null : readBvh(source);
      const read = source as Partial<Joints>;
      return typeof read.pose === 'function' ? (read as Joints) : motionOf(source);
    } catch {
      return null;
    }
  }, [source]);
  if (!motion) return <Sentence>{t('motion.broken')}</Sentence>;
  return <Moving motion={motion} title={title} sounds={sounds} />;
}

const TURN = Math.PI / 12;
const NONE = 'none';

interface MovingProps {
  motion: Joints;
  title: string;
  sounds: readonly Sounding[];
}

function Moving({ motion, title, sounds }: MovingProps) {
  const { t } = useTranslation('viewers');
  const audio = useRef<HTMLAudioElement>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const [failed, setFailed] = useState<ReadonlySet<string>>(new Set());
  const heard = sounds.filter(({ asset }) => !failed.has(asset));
  const sound =
    chosen === NONE ? undefined : (heard.find((one) => one.asset === chosen) ?? heard[0]);
  const transport = useSteps(audio, motion.count * motion.frameTime, sound?.asset);
  const [follow, setFollow] = useState(false);
  const [trail, setTrail] = useState(true);
  const [body, setBody] = useState(true);
  const dressed = useMemo(() => isBody(motion.names), [motion]);
  const [webgl] = useState(hasWebgl);
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = frameAt(motion, transport.time);
  const step = (by: number): void => transport.seek((frame + by + 0.5) * motion.frameTime);
  const solid = useSolid(canvas, motion, frame, { on: webgl, follow, trail, body });
  const flat = useFlat(canvas, motion, frame, !webgl);
  const move = webgl ? solid : flat.move;
  useKeys((event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.shiftKey && event.key === 'ArrowLeft') move(-TURN, 1);
    else if (event.shiftKey && event.key === 'ArrowRight') move(TURN, 1);
    else if (event.key === '+' || event.key === '=') move(0, 1.2);
    else if (event.key === '-') move(0, 1 / 1.2);
    else if (event.code === 'KeyB' && webgl && dressed) setBody(!body);
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
        <audio
          ref={audio}
          preload="auto"
          {...(sound ? { src: assetUrl(sound.asset) } : {})}
          onError={() => sound && setFailed(new Set([...failed, sound.asset]))}
        />
      </div>
      <Line transport={transport} title={title} sound={sound} />
      <Bar label={t('tools')}>
        <Controls transport={transport} onStep={step} />
        {heard.length > 0 && (
          <Select
            className={css.speed}
            aria-label={t('motion.sound')}
            value={sound?.asset ?? NONE}
            onChange={(event) => setChosen(event.target.value)}
          >
            {heard.map((one) => (
              <option key={one.asset} value={one.asset}>
                {one.title}
              </option>
            ))}
            <option value={NONE}>{t('motion.silent')}</option>
          </Select>
        )}
        <Gap />
        <span data-testid="frame">{t('motion.frame', { at: frame + 1, count: motion.count })}</span>
        {webgl && (
          <>
            {dressed && (
              <IconButton
                icon={Bone}
                label={t('motion.bones')}
                keys="B"
                pressed={!body}
                onClick={() => setBody(!body)}
              />
            )}
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

/** The time of the sound, which cannot be made to keep another's; without one, a clock's. */
function useSteps(
  audio: RefObject<HTMLAudioElement | null>,
  duration: number,
  sound: string | undefined,
): Transport {
  const clock = useClock(duration);
  const media = useMedia(audio, duration);
  // Until it is known how long a sound is, its place cannot be set.
  return sound && media.duration ? media : clock;
}

interface LineProps {
  transport: Transport;
  title: string;
  sound: Sounding | undefined;
}

/** The line of time, with the outline of the sound where there is one. */
function Line({ transport, title, sound }: LineProps) {
  const { t } = useTranslation('viewers');
  const { data } = usePeaks(sound?.outline ? sound.asset : null, 2048);
  const label = t('motion.track', { title });
  const { time, duration } = transport;
  const shown = useMemo(() => data && startOf(data, duration), [data, duration]);
  if (!shown) return <Track transport={transport} label={label} scrub />;
  return (
    <div className={own.heard}>
      <Track transport={transport} label={label} tall scrub>
        <div className={css.wave}>
          <Wave peaks={shown} dim />
          <Wave peaks={shown} played={duration ? time / duration : 0} />
        </div>
      </Track>
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
  { on, follow, trail, body }: { on: boolean; follow: boolean; trail: boolean; body: boolean },
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
      far: colour(element, '--canvas'),
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
  useEffect(() => stage.current?.dress(body), [body, theme]);
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
