import { useMemo } from 'react';
import type { Port } from '@/core/catalogue';
import { canvasOf, graphOf, nodesOf, type Json, type SeedMode } from '@/core/document';
import type { FieldKind } from '@/core/fields';
import type { Binding } from '@/core/project';
import { useDocument, useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import { book, useRunsOf } from '@/state/runs';
import { paintPort } from '@/viewers/paint';
import { FIELDS } from './fields/registry';
import type { FieldProps, Seeding } from './fields/types';

interface Props {
  /** The node, in the graph that is shown. */
  id: string;
  port: Port;
  kind: FieldKind;
  value: Json | undefined;
  binding: Binding | undefined;
  area: number;
  disabled: boolean;
  labelId: string;
}

/** The editor of what stands at an input of a node: on the canvas and in the inspector the same. */
export function Editor({ id, kind, binding, ...rest }: Props) {
  const store = useDocumentStore();
  const name = rest.port.name;
  const actions = useMemo(
    () => ({
      onChange: (value: Json | undefined) =>
        store.run({
          do: 'setValue',
          graph: shownGraph(store.getState()),
          node: id,
          port: name,
          ...(value === undefined ? {} : { value }),
        }),
      onDone: () => store.seal(),
      onPaint: (value: Json | undefined) => void paintPort(store, id, name, value),
    }),
    [store, id, name],
  );
  if (kind === 'none') return null;
  if (kind === 'seed')
    return <SeedEditor {...rest} {...actions} id={id} input={binding?.name ?? null} />;
  const Field = FIELDS[kind];
  return <Field {...rest} {...actions} onPaint={isMask(rest.port) ? actions.onPaint : undefined} />;
}

const isMask = ({ type }: Port): boolean => /^Mask\b/.test(type.text);

/** A seed goes on from run to run as its node says, or the named input that sets it. */
function SeedEditor({ id, input, ...rest }: FieldProps & { id: string; input: string | null }) {
  const store = useDocumentStore();
  const port = rest.port.name;
  const mode = useDocument(({ projected }): SeedMode => {
    const canvas = canvasOf(projected.graph);
    const found = input === null ? canvas.nodes?.[id]?.seeds?.[port] : canvas.inputs?.[input]?.seed;
    return found ?? 'fixed';
  });
  const runs = useRunsOf(store.getState().uid);
  const seeding: Seeding = {
    mode,
    last: lastSeed(runs, shownGraph(store.getState()), id, port, input),
    onMode(next) {
      const graph = shownGraph(store.getState());
      const kept = next === 'fixed' ? null : next;
      if (input !== null) return store.run({ do: 'setInputSeed', graph, name: input, seed: kept });
      const { [port]: _before, ...others } =
        canvasOf(store.getState().projected.graph).nodes?.[id]?.seeds ?? {};
      const seeds = kept ? { ...others, [port]: kept } : others;
      store.run({
        do: 'setLayout',
        graph,
        node: id,
        layout: { seeds: Object.keys(seeds).length ? seeds : null },
      });
    },
  };
  const Field = FIELDS.seed;
  return <Field {...rest} seeding={seeding} />;
}

/** The seed that the last run of the document took; undefined if nobody remembers. */
function lastSeed(
  runs: readonly string[],
  graph: string,
  id: string,
  port: string,
  input: string | null,
): number | undefined {
  const ran = runs.map((run) => book.runs.get(run)?.workflow).find((one) => one != null);
  if (!ran) return undefined;
  const there = graphOf(ran, graph);
  const seed = input === null ? nodesOf(there)[id]?.values?.[port] : there.inputs?.[input]?.default;
  return typeof seed === 'number' ? seed : undefined;
}
