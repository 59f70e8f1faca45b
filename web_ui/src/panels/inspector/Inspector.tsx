import { itemId, itemKind } from '@/core/document';
import { useDocument } from '@/state/context';
import css from './Inspector.module.css';
import { FramePanel, NotePanel } from './CanvasItems';
import { GraphPanel } from './GraphPanel';
import { LinkPanel } from './LinkPanel';
import { NodePanel } from './NodePanel';
import { SeveralPanel } from './SeveralPanel';

/** What is selected, in full; and the workflow itself where nothing is. */
export default function Inspector() {
  return (
    <div className={css.inspector}>
      <Chosen />
    </div>
  );
}

function Chosen() {
  const projected = useDocument((state) => state.projected);
  const selection = useDocument((state) => state.selection);
  const links = useDocument((state) => state.selectedLinks);
  const [item, ...others] = selection;
  if (others.length || (item !== undefined && links.size)) return <SeveralPanel />;
  if (item === undefined) {
    const [link, ...more] = links;
    const segment = more.length ? undefined : projected.segments.find((one) => one.id === link);
    if (segment) return <LinkPanel key={segment.id} segment={segment} />;
    return links.size ? <SeveralPanel /> : <GraphPanel />;
  }
  const view = projected.views.get(item);
  if (view) return <NodePanel key={item} view={view} />;
  const kind = itemKind(item);
  const id = itemId(item);
  const frame = kind === 'frame' ? projected.frames[id] : undefined;
  if (frame) return <FramePanel key={item} id={id} frame={frame} />;
  const note = kind === 'note' ? projected.notes[id] : undefined;
  if (note) return <NotePanel key={item} id={id} note={note} />;
  const bend = projected.segments.find((one) => one.id === item);
  return bend ? <LinkPanel key={item} segment={bend} /> : <GraphPanel />;
}
