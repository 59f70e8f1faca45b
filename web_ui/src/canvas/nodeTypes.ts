/** The components of React Flow. They stand in a module: new ones each time would mount all anew. */

import type { EdgeTypes, NodeTypes } from '@xyflow/react';
import { NodeCard } from '@/node/NodeCard';
import { Frame } from './Frame';
import { Link } from './Link';
import { Note } from './Note';
import { Reroute } from './Reroute';

export const NODE_TYPES: NodeTypes = { card: NodeCard, frame: Frame, note: Note, reroute: Reroute };

export const EDGE_TYPES: EdgeTypes = { link: Link };
