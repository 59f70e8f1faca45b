/**
 * The page that the canvas is measured beside: React Flow as its documentation says, with a memoised
 * node of the same parts, and none of our tricks (no known geometry, no culling, no overview).
 */

import { Handle, Position, ReactFlow, useEdgesState, useNodesState } from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { memo } from 'react';
import { createRoot } from 'react-dom/client';

const COUNT = Number(new URLSearchParams(location.search).get('count') ?? 1000);
const COLUMNS = Math.floor(Math.sqrt(COUNT));
const SPACE = 320;

const Card = memo(function Card({ id }: { id: string }) {
  return (
    <div style={{ width: 240, border: '1px solid #888', background: '#fff', fontSize: 12 }}>
      <header style={{ padding: 8 }}>{id}</header>
      {['a', 'b', 'c'].map((port, place) => (
        <Handle
          key={port}
          id={port}
          type="target"
          position={Position.Left}
          style={{ top: 44 + place * 24 }}
        />
      ))}
      {['out', 'more'].map((port, place) => (
        <Handle
          key={port}
          id={port}
          type="source"
          position={Position.Right}
          style={{ top: 44 + place * 24 }}
        />
      ))}
      {['amount', 'radius', 'opacity'].map((label) => (
        <label key={label} style={{ display: 'block', height: 24 }}>
          {label} <input className="nodrag" type="number" defaultValue={1} />
        </label>
      ))}
      <select className="nodrag">
        <option>normal</option>
        <option>multiply</option>
      </select>
    </div>
  );
});

const TYPES = { card: Card };

const NODES = Array.from({ length: COUNT }, (_, at) => ({
  id: `n${at}`,
  type: 'card',
  position: { x: (at % COLUMNS) * SPACE, y: Math.floor(at / COLUMNS) * SPACE },
  data: {},
}));

const EDGES = NODES.slice(1).flatMap((_, before) => {
  const at = before + 1;
  const link = (source: number, port: string) => ({
    id: `${source}-${at}-${port}`,
    source: `n${source}`,
    sourceHandle: 'out',
    target: `n${at}`,
    targetHandle: port,
  });
  return at % 2 ? [link(before, 'a')] : [link(before, 'a'), link(Math.max(0, at - COLUMNS), 'b')];
});

function Page() {
  const [nodes, , onNodes] = useNodesState(NODES);
  const [edges, , onEdges] = useEdgesState(EDGES);
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      onNodesChange={onNodes}
      onEdgesChange={onEdges}
      nodeTypes={TYPES}
      minZoom={0.02}
      fitView={new URLSearchParams(location.search).has('fit')}
    />
  );
}

createRoot(document.getElementById('root')!).render(<Page />);
