/** Files that the user gives: the server takes them in and says what they are. */

import type { Json } from '@/core/document';
import { api, ask, type Schemas } from './client';

export type Asset = Schemas['Asset'];

const LONGEST_NAME = 200;

/** Hand a file to the server. */
export const uploadAsset = (file: File): Promise<Asset> =>
  ask(
    api.POST('/api/assets', {
      params: {
        query: { name: (file.name || 'file').slice(-LONGEST_NAME) },
      },
      body: file as unknown as string,
      bodySerializer: (body) => body as unknown as File,
      headers: { 'Content-Type': 'application/octet-stream' },
    }),
  );

/** A file as the value of a port. */
export const assetValue = ({ asset, name, media }: Asset): Json => ({ asset, name, media });
