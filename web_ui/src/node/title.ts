import { definitionOf } from '@/core/document';
import { humanize, type Catalogue } from '@/core/catalogue';
import type { NodeView } from '@/core/project';
import { useWorkspace } from '@/state/workspace';

/** What a node is called: its own title, its definition's name, or its type's in the user's language. */
export const nodeTitle = (view: Pick<NodeView, 'node' | 'layout'>, catalogue: Catalogue): string =>
  view.layout?.title ??
  catalogue.types.get(view.node.type)?.title ??
  humanize(definitionOf(view.node.type) ?? view.node.type);

export const useNodeTitle = (view: Pick<NodeView, 'node' | 'layout'>): string =>
  useWorkspace(({ catalogue }) => nodeTitle(view, catalogue));
