import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { assetUrl } from '@/api/client';
import { useKeys } from '../keys';
import { Layer } from '../picture/Layer';
import picture from '../picture/Picture.module.css';
import { useZoom } from '../picture/useZoom';
import { SHARP_ZOOM } from '../picture/view';
import { paintMask } from './drawing';
import css from './Mask.module.css';
import type { Painting } from './MaskEditor';
import { MaskTools, ToolRail } from './MaskTools';
import { nextSize, setMask, useMaskSettings, type Tool } from './settings';
import { change, feather } from './shapes';
import { wholeOf, type Box, type Edit } from './tiles';
import { usePainting } from './usePainting';

interface Props {
  painting: Painting;
  image: { asset: string; name?: string } | null;
  /** How soft the edges will be, in pixels: seen now, made when it is saved. */
  soft: number;
  onSoft(soft: number): void;
}

const KEYS: Record<string, Tool> = {
  KeyB: 'brush',
  KeyE: 'eraser',
  KeyG: 'fill',
  KeyL: 'lasso',
  KeyR: 'rectangle',
};

/** Where one paints. */
export function Surface({ painting, image, soft, onSoft }: Props) {
  const { t } = useTranslation('viewers');
  const { mask, history } = painting;
  const settings = useMaskSettings();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [, setTold] = useState(0);
  const [space, setSpace] = useState(false);
  const told = (): void => setTold((now) => now + 1);
  const draw = (box: Box | null): void => {
    if (box && canvas.current) paintMask(canvas.current, mask, box, settings.colour);
  };
  const adoptedRef = useRef(false);
  const frame = useRef<HTMLDivElement>(null);
  const zoom = useZoom(frame, mask, {
    pans: (event) => event.button === 1 || space || adoptedRef.current,
  });
  const paint = usePainting({ painting, zoom, adoptedRef, space, draw, told });
  useEffect(() => {
    const element = canvas.current!;
    element.width = mask.width;
    element.height = mask.height;
    paintMask(element, mask, wholeOf(mask), settings.colour);
  }, [mask, settings.colour]);
  const make = (edit: Edit): void => {
    history.add(edit);
    draw(edit.box);
    told();
  };
  const back = (box: Box | null): void => {
    draw(box);
    told();
  };
  const doings = {
    undo: () => back(history.undo()),
    redo: () => back(history.redo()),
    invert: () => make(change(mask, (value) => 255 - value)),
    clear: () => make(change(mask, () => 0)),
    soften: () => {
      make(feather(mask, soft));
      onSoft(0);
    },
  };
  useKeys((event) => {
    if (event.ctrlKey || event.metaKey) {
      if (event.code === 'KeyZ') (event.shiftKey ? doings.redo : doings.undo)();
      else if (event.code === 'KeyY') doings.redo();
      else return false;
      return true;
    }
    if (event.altKey) return false;
    const { size, hardness, tool } = settings;
    if (event.code === 'BracketLeft' && event.shiftKey)
      setMask({ hardness: Math.max(0, Math.round(hardness * 10 - 1) / 10) });
    else if (event.code === 'BracketRight' && event.shiftKey)
      setMask({ hardness: Math.min(1, Math.round(hardness * 10 + 1) / 10) });
    else if (event.key === '[') setMask({ size: nextSize(size, false) });
    else if (event.key === ']') setMask({ size: nextSize(size, true) });
    else if (KEYS[event.code]) setMask({ tool: KEYS[event.code]! });
    else if (event.code === 'KeyX') setMask({ tool: tool === 'brush' ? 'eraser' : 'brush' });
    else if (event.code === 'KeyI') doings.invert();
    else if (event.key === 'Delete' || event.key === 'Backspace') doings.clear();
    else if (event.key === ' ') setSpace(true);
    else if (event.key === 'Escape' && paint.busy()) paint.cancel();
    else return false;
    return true;
  });
  useEffect(() => {
    const up = (event: KeyboardEvent): void => {
      if (event.key === ' ') setSpace(false);
    };
    window.addEventListener('keyup', up);
    return () => window.removeEventListener('keyup', up);
  }, []);
  const { view } = zoom;
  const place = {
    width: mask.width * view.zoom,
    height: mask.height * view.zoom,
    transform: `translate(${view.x}px, ${view.y}px)`,
  };
  return (
    <div className={css.surface}>
      <ToolRail />
      <div
        ref={frame}
        className={`${picture.frame} ${css.frame}`}
        role="group"
        aria-label={t('mask.surface')}
        tabIndex={0}
        data-viewer="mask"
        data-tool={settings.tool}
        data-panning={zoom.panning || undefined}
        data-pans={space || undefined}
        onContextMenu={(event) => event.preventDefault()}
        {...paint.handlers}
      >
        {image ? (
          <Layer src={assetUrl(image.asset)} alt={image.name ?? ''} view={view} size={mask} />
        ) : (
          <div className={picture.layer} style={place} />
        )}
        <canvas
          ref={canvas}
          className={css.mask}
          data-sharp={view.zoom >= SHARP_ZOOM || undefined}
          style={{
            ...place,
            opacity: settings.opacity,
            filter: soft ? `blur(${(soft / 2) * view.zoom}px)` : undefined,
          }}
        />
        <div className={css.edge} style={place} />
        {paint.overlay}
      </div>
      <MaskTools
        painting={painting}
        zoom={zoom}
        doings={doings}
        soft={soft}
        onSoft={onSoft}
        onOpacity={(opacity) => setMask({ opacity })}
      />
    </div>
  );
}
