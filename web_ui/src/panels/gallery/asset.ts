/** The type under which a result is dragged: its file as JSON. */
export const ASSET_TYPE = 'application/x-musegraph-asset';
