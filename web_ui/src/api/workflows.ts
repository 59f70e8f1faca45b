/** The library of the server, its examples, and workflows that come in files. */

import { api, ask, type Schemas } from './client';

export type Saved = Schemas['Saved'];
export type SavedDocument = Schemas['SavedDocument'];
export type Template = Schemas['Template'];
export type ReadDocument = Schemas['ReadDocument'];

type Workflow = Schemas['Save']['workflow'];

const by = (id: string) => ({ params: { path: { id } } });

export const listWorkflows = async (deleted = false): Promise<Saved[]> =>
  (await ask(api.GET('/api/workflows', { params: { query: { deleted } } }))).workflows;

/** The latest version, or one by its number. */
export const getWorkflow = (id: string, version?: number): Promise<SavedDocument> =>
  ask(
    api.GET('/api/workflows/{id}', {
      params: { path: { id }, query: version === undefined ? {} : { version } },
    }),
  );

export const createWorkflow = (workflow: object, name: string): Promise<Saved> =>
  ask(
    api.POST('/api/workflows', {
      body: { workflow: workflow as Workflow, name },
    }),
  );

/** Save what was made of a version; refused with the code `conflict` if there is a newer one. */
export const updateWorkflow = (id: string, workflow: object, after: number): Promise<Saved> =>
  ask(
    api.PUT('/api/workflows/{id}', {
      ...by(id),
      body: { workflow: workflow as Workflow, after },
    }),
  );

export const renameWorkflow = (id: string, name: string): Promise<Saved> =>
  ask(api.POST('/api/workflows/{id}/rename', { ...by(id), body: { name } }));

export const duplicateWorkflow = (id: string, name: string): Promise<Saved> =>
  ask(api.POST('/api/workflows/{id}/duplicate', { ...by(id), body: { name } }));

/** Into the bin; what is in the bin goes for good. */
export const deleteWorkflow = (id: string): Promise<unknown> =>
  ask(api.DELETE('/api/workflows/{id}', by(id)));

export const restoreWorkflow = (id: string): Promise<Saved> =>
  ask(api.POST('/api/workflows/{id}/restore', by(id)));

export const listVersions = async (id: string): Promise<Schemas['Version'][]> =>
  (await ask(api.GET('/api/workflows/{id}/versions', { params: { path: { id } } }))).versions;

export const listTemplates = async (language: string): Promise<Template[]> =>
  (await ask(api.GET('/api/templates', { params: { query: { language } } }))).templates;

export const openTemplateFile = (id: string): Promise<ReadDocument> =>
  ask(api.POST('/api/templates/{id}/open', by(id)));

/** The workflow that an uploaded file carries; refused with `no-workflow` if it carries none. */
export const readAsset = (asset: string): Promise<ReadDocument> =>
  ask(api.POST('/api/workflows/read', { body: { asset } }));

/** A workflow that other versions of packs saved, as it is to be read with those that are here. */
export const forwardWorkflow = (workflow: object): Promise<Schemas['Forward']> =>
  ask(api.POST('/api/forward', { body: { workflow: workflow as Workflow } }));
