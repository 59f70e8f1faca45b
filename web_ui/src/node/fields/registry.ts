/** Which editor a kind of value has. */

import type { ComponentType } from 'react';
import type { FieldKind } from '@/core/fields';
import { BooleanField } from './BooleanField';
import { ChoiceField } from './ChoiceField';
import { ColorField } from './ColorField';
import { FileField } from './FileField';
import { JsonField } from './JsonField';
import { ListField } from './ListField';
import { ModelField } from './ModelField';
import { NumberField } from './NumberField';
import { optional } from './OptionalField';
import { SeedField } from './SeedField';
import { AreaField, TextField } from './TextFields';
import type { FieldProps } from './types';

type Editable = Exclude<FieldKind, 'none'>;

export const FIELDS: Readonly<Record<Editable, ComponentType<FieldProps>>> = {
  boolean: optional('boolean', BooleanField),
  choice: optional('choice', ChoiceField),
  color: optional('color', ColorField),
  // A file that is missing asks for one as it is.
  file: FileField,
  integer: optional('integer', NumberField),
  json: optional('json', JsonField),
  list: optional('list', ListField),
  model: optional('model', ModelField),
  multiline: optional('multiline', AreaField),
  number: optional('number', NumberField),
  seed: optional('seed', SeedField),
  text: optional('text', TextField),
};
