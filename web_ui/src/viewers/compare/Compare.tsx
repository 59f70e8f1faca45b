import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { assetUrl } from '@/api/client';
import { useKeys } from '../keys';
import { kindOf } from '../kinds';
import type { ViewerItem } from '../open';
import { Bar, Choice, Gap, Line, Range, Sentence, WordButton } from '../parts';
import { Layer, PixelGrid } from '../picture/Layer';
import { useZoom, type Zoom } from '../picture/useZoom';
import { ZoomTools } from '../picture/ZoomTools';
import type { Size, View } from '../picture/view';
import css from './Compare.module.css';
import { Divider } from './Divider';
import { Others } from './Others';
import { useDifference } from './useDifference';
import { useHistory } from './history';

const MODES = ['slider', 'side', 'blink', 'difference'] as const;
type Mode = (typeof MODES)[number];
const KEYS: Record<Mode, string> = { slider: 'S', side: 'A', blink: 'B', difference: 'D' };

/** What was chosen last, until the page is left. */
let lastMode: Mode = 'slider';

const isPicture = (item: ViewerItem): boolean => kindOf(item) === 'picture';

/** A picture and another: one that it stands with, or one that its node gave before. */
export function Compare({ items, at }: { items: readonly ViewerItem[]; at: number }) {
  const { t } = useTranslation('viewers');
  const one = items[at]!;
  const before = useHistory(one);
  const [chosen, setChosen] = useState<ViewerItem | null>(null);
  const near = [...items.slice(at + 1), ...items.slice(0, at)].filter(isPicture);
  const others = [...near, ...before];
  const other = chosen ?? others[0];
  return (
    <div className={css.compare}>
      {other ? (
        <Two
          key={`${one.output.files[0]!.asset} ${other.output.files[0]!.asset}`}
          a={one}
          b={other}
        />
      ) : (
        <Sentence>{t('compare.none')}</Sentence>
      )}
      {others.length > 1 && <Others items={others} chosen={other} onChoose={setChosen} />}
    </div>
  );
}

function Two({ a, b }: { a: ViewerItem; b: ViewerItem }) {
  const { t, i18n } = useTranslation('viewers');
  const [mode, setMode] = useState<Mode>(lastMode);
  const [sizes, setSizes] = useState<{ a?: Size; b?: Size }>({});
  const [images, setImages] = useState<{ a?: HTMLImageElement; b?: HTMLImageElement }>({});
  const [share, setShare] = useState(0.5);
  const [gain, setGain] = useState(4);
  const blink = useBlink(mode === 'blink');
  const frame = useRef<HTMLDivElement>(null);
  const zoom = useZoom(frame, sizes.a ?? null, { halves: mode === 'side' });
  const canvas = useRef<HTMLCanvasElement>(null);
  const difference = useDifference(canvas, mode === 'difference', images, gain);
  const choose = (next: Mode): void => {
    lastMode = next;
    setMode(next);
  };
  useKeys((event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const next = MODES.find((name) => event.code === `Key${KEYS[name]}`);
    if (next) choose(next);
    else if (mode === 'blink' && event.key === ' ') blink.flip();
    else if (mode === 'slider' && !event.shiftKey && event.key === 'ArrowLeft')
      setShare((now) => Math.max(0, now - 0.02));
    else if (mode === 'slider' && !event.shiftKey && event.key === 'ArrowRight')
      setShare((now) => Math.min(1, now + 0.02));
    else return false;
    return true;
  });
  const keep = (name: 'a' | 'b') => (size: Size, image: HTMLImageElement) => {
    setSizes((now) => ({ ...now, [name]: size }));
    setImages((now) => ({ ...now, [name]: image }));
  };
  const [fileA, fileB] = [a.output.files[0]!, b.output.files[0]!];
  const layerA = (
    <Layer
      src={assetUrl(fileA.asset)}
      alt={t('compare.first', { title: a.title })}
      view={zoom.view}
      size={sizes.a ?? null}
      onSize={keep('a')}
    />
  );
  const layerB = (
    <Layer
      src={assetUrl(fileB.asset)}
      alt={t('compare.second', { title: b.title })}
      view={alike(zoom.view, sizes.a, sizes.b)}
      size={sizes.a && sizes.b ? sizes.b : null}
      onSize={keep('b')}
    />
  );
  const percent = new Intl.NumberFormat(i18n.language, {
    style: 'percent',
    maximumFractionDigits: 1,
  });
  const different =
    sizes.a && sizes.b && (sizes.a.width !== sizes.b.width || sizes.a.height !== sizes.b.height);
  return (
    <div className={css.two}>
      <div
        ref={frame}
        className={css.frame}
        role="group"
        aria-label={t('compare.label')}
        tabIndex={0}
        data-viewer="compare"
        data-mode={mode}
        data-panning={zoom.panning || undefined}
        {...zoom.handlers}
      >
        <div
          className={css.pane}
          data-hidden={(mode === 'blink' && blink.second) || mode === 'difference' || undefined}
          data-half={mode === 'side' ? 'left' : undefined}
          style={{ clipPath: mode === 'slider' ? `inset(0 ${(1 - share) * 100}% 0 0)` : undefined }}
        >
          {layerA}
        </div>
        <div
          className={css.pane}
          data-hidden={(mode === 'blink' && !blink.second) || mode === 'difference' || undefined}
          data-half={mode === 'side' ? 'right' : undefined}
          style={{ clipPath: mode === 'slider' ? `inset(0 0 0 ${share * 100}%)` : undefined }}
        >
          {layerB}
        </div>
        {mode === 'difference' && sizes.a && (
          <canvas
            ref={canvas}
            className={css.difference}
            style={{
              width: sizes.a.width * zoom.view.zoom,
              height: sizes.a.height * zoom.view.zoom,
              transform: `translate(${zoom.view.x}px, ${zoom.view.y}px)`,
            }}
          />
        )}
        {mode === 'slider' && <Divider share={share} zoom={zoom} onShare={setShare} />}
        <Grids zoom={zoom} size={sizes.a} both={mode === 'side'} />
        <Tags mode={mode} second={blink.second} />
      </div>
      <Bar label={t('tools')}>
        <Choice
          label={t('compare.mode')}
          value={mode}
          options={MODES.map((value) => ({
            value,
            label: t(`compare.${value}`),
            keys: KEYS[value],
          }))}
          onChange={choose}
        />
        <Line />
        {mode === 'blink' && (
          <WordButton
            label={t(blink.on ? 'compare.hold' : 'compare.goOn')}
            pressed={blink.on}
            onClick={blink.toggle}
          >
            {t(blink.on ? 'compare.hold' : 'compare.goOn')}
          </WordButton>
        )}
        {mode === 'difference' && (
          <>
            <Range
              label={t('compare.gain')}
              value={gain}
              min={1}
              max={32}
              text={`× ${gain}`}
              onChange={setGain}
            />
            {difference && (
              <output data-testid="difference">
                {t('compare.differs', {
                  share: percent.format(difference.share),
                  most: difference.most,
                })}
              </output>
            )}
          </>
        )}
        {different && (
          <span>{t('compare.sizes', { a: sizeText(sizes.a!), b: sizeText(sizes.b!) })}</span>
        )}
        <Gap />
        <ZoomTools zoom={zoom} />
      </Bar>
    </div>
  );
}

const sizeText = ({ width, height }: Size): string => `${width} × ${height}`;

/** The second is shown as wide as the first. */
const alike = (view: View, a: Size | undefined, b: Size | undefined): View =>
  a && b ? { ...view, zoom: (view.zoom * a.width) / b.width } : view;

function Grids({ zoom, size, both }: { zoom: Zoom; size: Size | undefined; both: boolean }) {
  if (!size) return null;
  return (
    <>
      <div className={css.pane} data-half={both ? 'left' : undefined} data-through>
        <PixelGrid view={zoom.view} size={size} window={zoom.window} />
      </div>
      {both && (
        <div className={css.pane} data-half="right" data-through>
          <PixelGrid view={zoom.view} size={size} window={zoom.window} />
        </div>
      )}
    </>
  );
}

function Tags({ mode, second }: { mode: Mode; second: boolean }) {
  const { t } = useTranslation('viewers');
  const both = mode === 'slider' || mode === 'side';
  return (
    <>
      {(both || (mode === 'blink' && !second)) && <span className={css.tag}>{t('compare.a')}</span>}
      {(both || (mode === 'blink' && second)) && (
        <span className={css.tag} data-second>
          {t('compare.b')}
        </span>
      )}
    </>
  );
}

/** One after the other; at once still where the user wants no movement. */
function useBlink(shown: boolean) {
  const [on, setOn] = useState(() => !matchMedia('(prefers-reduced-motion: reduce)').matches);
  const [second, setSecond] = useState(false);
  useEffect(() => {
    if (!shown || !on) return;
    const timer = setInterval(() => setSecond((now) => !now), 700);
    return () => clearInterval(timer);
  }, [shown, on]);
  return {
    on,
    second,
    toggle: () => setOn(!on),
    flip: () => {
      setOn(false);
      setSecond((now) => !now);
    },
  };
}
