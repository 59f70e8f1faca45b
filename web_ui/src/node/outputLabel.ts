/** What an output is called: its own name, or what it gives where it is the only one. */

import type { TFunction } from 'i18next';
import type { Port } from '@/core/catalogue';
import { familyOf, isTold } from '@/core/fields';
import { isVariable, type Type } from '@/core/types';

const base = (type: Type): Type => (type.item ? base(type.item) : type);

/** The name of a pack's own type as words: `CameraPath` is a "Camera path". */
const spoken = (name: string): string =>
  name.replace(/(?<=[a-z\d])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

export const outputLabel = (port: Port, t: TFunction): string => {
  if (port.name !== 'out' || port.label !== 'Out') return port.label;
  const type = base(port.type);
  const own = `fields:type.${type.name}`;
  if (isVariable(type) || isTold(type)) return t([own, `canvas:family.${familyOf(type)}`]);
  return t(own, { defaultValue: spoken(type.name) });
};
