/** The panels around the canvas: where each stands, and how it is loaded when it is first opened. */

import { lazy, type ComponentType, type LazyExoticComponent } from 'react';
import {
  Blocks,
  BookOpen,
  Boxes,
  ClipboardList,
  History,
  Images,
  ListOrdered,
  ListTree,
  SlidersHorizontal,
  TriangleAlert,
  type LucideIcon,
} from 'lucide-react';
import type { Panel } from '@/state/workspace';

export interface PanelFacts {
  side: 'left' | 'right' | 'bottom';
  icon: LucideIcon;
  content: LazyExoticComponent<ComponentType>;
  /** It is about no document: it stays as it is when another one is looked at. */
  shared?: boolean;
}

/** In the order in which they stand on the rail. */
export const PANELS: Record<Panel, PanelFacts> = {
  library: {
    side: 'left',
    icon: BookOpen,
    content: lazy(() => import('./library/Library')),
    shared: true,
  },
  nodes: { side: 'left', icon: Blocks, content: lazy(() => import('./nodes/Nodes')) },
  models: { side: 'left', icon: Boxes, content: lazy(() => import('./models/Models')) },
  outline: { side: 'left', icon: ListTree, content: lazy(() => import('./outline/Outline')) },
  inspector: {
    side: 'right',
    icon: SlidersHorizontal,
    content: lazy(() => import('./inspector/Inspector')),
  },
  form: { side: 'right', icon: ClipboardList, content: lazy(() => import('./form/Form')) },
  queue: { side: 'bottom', icon: ListOrdered, content: lazy(() => import('./queue/Queue')) },
  gallery: { side: 'bottom', icon: Images, content: lazy(() => import('./gallery/Gallery')) },
  problems: {
    side: 'bottom',
    icon: TriangleAlert,
    content: lazy(() => import('./problems/Problems')),
  },
  history: { side: 'left', icon: History, content: lazy(() => import('./history/History')) },
};
