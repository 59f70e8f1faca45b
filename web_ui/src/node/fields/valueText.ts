/** A value in a few words, for where nothing can be typed: nodes seen from afar, linked inputs, lists. */

import type { TFunction } from 'i18next';
import type { Port } from '@/core/catalogue';
import type { Json } from '@/core/document';
import { isNone } from '@/core/geometry';
import { tidy } from '@/core/numbers';

const LONGEST = 200;

export const valueText = (port: Port, value: Json | undefined, t: TFunction): string => {
  if (isNone(port, value)) return t('fields:optional.none');
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return t(value ? 'fields:boolean.yes' : 'fields:boolean.no');
  if (typeof value === 'number') return String(tidy(value));
  if (typeof value === 'string') return (port.choices[value] ?? value).slice(0, LONGEST);
  if (Array.isArray(value))
    return value
      .map((one) => String(one))
      .join(', ')
      .slice(0, LONGEST);
  const name = value.name ?? value.file ?? value.asset;
  return typeof name === 'string' ? name : JSON.stringify(value).slice(0, LONGEST);
};
