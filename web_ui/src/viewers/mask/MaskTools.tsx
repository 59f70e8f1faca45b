import {
  Brush,
  Contrast,
  Eraser,
  Lasso,
  PaintBucket,
  PenLine,
  Redo2,
  SquareDashed,
  Trash2,
  Undo2,
  type LucideIcon,
} from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Bar, Gap, IconButton, Line, Range, WordButton } from '../parts';
import type { Zoom } from '../picture/useZoom';
import { ZoomTools } from '../picture/ZoomTools';
import css from './Mask.module.css';
import type { Painting } from './MaskEditor';
import {
  COLOURS,
  LEAST_SIZE,
  MOST_SIZE,
  setMask,
  TOOLS,
  useMaskSettings,
  type Tool,
} from './settings';

const ICONS: Record<Tool, LucideIcon> = {
  brush: Brush,
  eraser: Eraser,
  fill: PaintBucket,
  lasso: Lasso,
  rectangle: SquareDashed,
};

const KEYS: Record<Tool, string> = {
  brush: 'B',
  eraser: 'E',
  fill: 'G',
  lasso: 'L',
  rectangle: 'R',
};

/** What one paints with. */
export function ToolRail() {
  const { t } = useTranslation('viewers');
  const settings = useMaskSettings();
  return (
    <div
      className={css.rail}
      role="toolbar"
      aria-label={t('mask.tools')}
      aria-orientation="vertical"
    >
      {TOOLS.map((tool) => (
        <IconButton
          key={tool}
          icon={ICONS[tool]}
          label={t(`mask.${tool}`)}
          keys={KEYS[tool]}
          pressed={settings.tool === tool}
          onClick={() => setMask({ tool })}
        />
      ))}
      <span className={css.across} />
      <div className={css.colours} role="group" aria-label={t('mask.colour')}>
        {COLOURS.map((colour) => (
          <button
            key={colour}
            type="button"
            className={css.colour}
            aria-label={t(`mask.${colour}`)}
            title={t(`mask.${colour}`)}
            aria-pressed={settings.colour === colour}
            style={{ color: `var(--tint-${colour})` }}
            onClick={() => setMask({ colour })}
          />
        ))}
      </div>
    </div>
  );
}

interface Props {
  painting: Painting;
  zoom: Zoom;
  doings: Record<'undo' | 'redo' | 'invert' | 'clear' | 'soften', () => void>;
  soft: number;
  onSoft(soft: number): void;
  onOpacity(opacity: number): void;
}

/** A slider of sizes is finer where they are small. */
const toSlider = (size: number): number =>
  Math.round((100 * Math.log(size / LEAST_SIZE)) / Math.log(MOST_SIZE / LEAST_SIZE));
const fromSlider = (at: number): number =>
  Math.round(LEAST_SIZE * (MOST_SIZE / LEAST_SIZE) ** (at / 100));

export function MaskTools({ painting, zoom, doings, soft, onSoft, onOpacity }: Props) {
  const { t, i18n } = useTranslation('viewers');
  const { size, hardness, opacity, pressure } = useMaskSettings();
  const percent = new Intl.NumberFormat(i18n.language, { style: 'percent' });
  return (
    <div className={css.bottom}>
      <Bar label={t('tools')}>
        <IconButton
          icon={Undo2}
          label={t('mask.undo')}
          keys="Ctrl+Z"
          disabled={!painting.history.canUndo}
          onClick={doings.undo}
        />
        <IconButton
          icon={Redo2}
          label={t('mask.redo')}
          keys="Ctrl+Shift+Z"
          disabled={!painting.history.canRedo}
          onClick={doings.redo}
        />
        <Line />
        <Range
          label={t('mask.size')}
          value={toSlider(size)}
          min={0}
          max={100}
          text={`${size} px`}
          onChange={(at) => setMask({ size: fromSlider(at) })}
        />
        <Range
          label={t('mask.hardness')}
          value={hardness}
          min={0}
          max={1}
          step={0.05}
          text={percent.format(hardness)}
          onChange={(to) => setMask({ hardness: to })}
        />
        <Range
          label={t('mask.opacity')}
          value={opacity}
          min={0.1}
          max={1}
          step={0.05}
          text={percent.format(opacity)}
          onChange={onOpacity}
        />
        <Range
          label={t('mask.feather')}
          value={soft}
          min={0}
          max={96}
          text={`${soft} px`}
          onChange={onSoft}
        />
        {soft > 0 && (
          <WordButton label={t('mask.apply')} onClick={doings.soften}>
            {t('mask.apply')}
          </WordButton>
        )}
        <Line />
        <IconButton
          icon={PenLine}
          label={t('mask.pressure')}
          pressed={pressure}
          onClick={() => setMask({ pressure: !pressure })}
        />
        <IconButton icon={Contrast} label={t('mask.invert')} keys="I" onClick={doings.invert} />
        <IconButton icon={Trash2} label={t('mask.clear')} keys="Del" onClick={doings.clear} />
        <Gap />
        <ZoomTools zoom={zoom} />
      </Bar>
    </div>
  );
}
