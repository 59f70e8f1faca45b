/** Files that the user gives: the server takes them in and says what they are. */

import type { Json } from '@/core/document';
import { ApiError, offline, type Schemas } from './client';

export type Asset = Schemas['Asset'];

const LONGEST_NAME = 200;

/** Hand a file to the server; `onProgress` hears how much of it has gone, from 0 to 1. */
export const uploadAsset = (file: File, onProgress?: (part: number) => void): Promise<Asset> =>
  new Promise((resolve, reject) => {
    // `fetch` does not tell how far an upload is.
    const request = new XMLHttpRequest();
    const name = (file.name || 'file').slice(-LONGEST_NAME);
    request.open('POST', `/api/assets?name=${encodeURIComponent(name)}`);
    request.setRequestHeader('X-Requested-By', 'musegraph');
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = (event) =>
      event.lengthComputable && onProgress?.(event.loaded / event.total);
    request.onload = () => {
      const answer = request.response as Asset | Schemas['Failure'] | null;
      if (request.status === 201 && answer) resolve(answer as Asset);
      else {
        const fault = (answer as Schemas['Failure'] | null)?.error;
        const said = fault?.message ?? `HTTP ${request.status}`;
        reject(new ApiError(fault?.code ?? 'unknown', said, fault));
      }
    };
    request.onerror = () => reject(offline());
    request.send(file);
  });

/** A file as the value of a port. */
export const assetValue = ({ asset, name, media }: Asset): Json => ({ asset, name, media });
