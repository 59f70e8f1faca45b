/** What an output is called: its own name, or what it gives where it is the only one. */

import type { TFunction } from 'i18next';
import type { Port } from '@/core/catalogue';
import { familyOf } from '@/core/fields';
import type { Type } from '@/core/types';

const base = (type: Type): string => (type.item ? base(type.item) : type.name);

export const outputLabel = (port: Port, t: TFunction): string =>
  port.name === 'out' && port.label === 'Out'
    ? t([`fields:type.${base(port.type)}`, `canvas:family.${familyOf(port.type)}`])
    : port.label;
