/** Which editor a kind of value has. */

import type { ComponentType } from 'react';
import type { FieldKind } from '@/core/fields';
import { AreaField, BooleanField, ChoiceField, NumberField, TextField } from './Plain';
import type { FieldProps } from './types';

export const FIELDS: Record<Exclude<FieldKind, 'none'>, ComponentType<FieldProps>> = {
  boolean: BooleanField,
  choice: ChoiceField,
  color: TextField,
  file: TextField,
  integer: NumberField,
  json: TextField,
  list: TextField,
  model: TextField,
  multiline: AreaField,
  number: NumberField,
  seed: NumberField,
  text: TextField,
};
