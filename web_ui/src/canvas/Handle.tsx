import { Handle as FlowHandle, Position } from '@xyflow/react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Port } from '@/core/catalogue';
import { familyOf, shapeOf } from '@/core/fields';
import type { Type } from '@/core/types';
import css from './Handle.module.css';
import { handleState, useLinking, verdict } from './linking';

interface Props {
  node: string;
  port: Port;
  /** The type that it has here: variables replaced, lists where the node maps. */
  type: Type;
  side: 'source' | 'target';
  linked: boolean;
  /** Middle of the handle, from the top of the node. */
  y: number;
}

/** One end that links are drawn from and to. While a link is drawn it shows whether it takes it. */
export const Handle = memo(function Handle({ node, port, type, side, linked, y }: Props) {
  const { t } = useTranslation('canvas');
  const state = useLinking((linking) => handleState(linking, `${node}.${port.name}`, side));
  const why = useLinking((linking) =>
    state === 'no' ? verdict(linking, { node, port: port.name }, side) : null,
  );
  const name = t(side === 'target' ? 'handle.input' : 'handle.output', {
    port: port.label,
    type: type.text,
  });
  return (
    <FlowHandle
      id={port.name}
      type={side}
      position={side === 'target' ? Position.Left : Position.Right}
      className={css.handle}
      style={{ top: y }}
      data-family={familyOf(type)}
      data-shape={shapeOf(type, linked)}
      data-state={state}
      data-linked={linked || undefined}
      tabIndex={0}
      role="button"
      aria-label={name}
      title={why ? t(why.key, { ns: 'rules', ...why.args }) : name}
    />
  );
});
