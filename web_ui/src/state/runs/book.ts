/**
 * What is known of runs: their facts, the states of their steps, and which document each is of.
 *
 * Who shows a node, a run or the queue listens to that alone: a step that goes on wakes the one node
 * that it stands in. Knows no server; `take` is the one way in for what that tells.
 */

import type { Schemas } from '@/api/client';
import type { ServerEvent } from '@/api/events';
import type { WorkflowDocument } from '@/core/document';
import { around, canvasPath, Comparison, involved } from '@/core/running';
import { nodeRun, sameNodeRun, type NodeRun } from './node';
import { after, newStep, saysOf, type Step } from './step';

export type RunFacts = Schemas['Run'];

export interface RunEntry {
  readonly id: string;
  facts: RunFacts;
  /** Uid of the document that it was submitted from; null if it is none of those here. */
  home: string | null;
  /** The document as it ran; null until that is known. */
  workflow: WorkflowDocument | null;
  only: readonly string[];
  /** By the path on the canvas: a repeated node has several. */
  steps: Map<string, Step[]>;
  /** The paths that stand in a path. */
  inside: Map<string, Set<string>>;
  paths: Set<string> | null;
  /** The latest picture of what is being made. */
  preview: string | null;
}

export const isOn = ({ state }: Pick<RunFacts, 'state'>): boolean =>
  state === 'queued' || state === 'running';

/** Runs of a document whose steps are remembered. */
const REMEMBERED = 40;

/** Runs that have ended and are listed without being asked for. */
const RECENT = 60;

const NONE: readonly string[] = Object.freeze([]);

export const QUEUE = 'queue';
export const CONNECTION = 'connection';

export class RunBook {
  readonly runs = new Map<string, RunEntry>();
  /** What runs and waits, in the order of its turn; and what ended lately, the latest first. */
  queue: readonly string[] = [];
  ended: readonly string[] = [];
  paused = false;
  connected: boolean | null = null;
  private readonly homes = new Map<string, string[]>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private readonly shown = new Map<string, NodeRun | null>();
  private readonly comparisons = new WeakMap<WorkflowDocument, Comparison>();
  private compared = new WeakMap<WorkflowDocument, WorkflowDocument>();

  constructor(
    /** The document of an open tab, as it is now. */
    private readonly documentOf: (uid: string) => WorkflowDocument | undefined,
    /** Which document a run was submitted from, as remembered from before a reload. */
    private readonly homeOf: (run: string) => string | null = () => null,
    private readonly now: () => number = () => Date.now(),
  ) {}

  // -- listening ----------------------------------------------------------------------------

  subscribe(key: string, listener: () => void): () => void {
    const known = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, known.add(listener));
    return () => {
      known.delete(listener);
      if (!known.size) this.listeners.delete(key);
    };
  }

  private tell(key: string): void {
    for (const listener of [...(this.listeners.get(key) ?? [])]) listener();
  }

  private tellNode(uid: string, path: string): void {
    for (const one of [path, ...around(path)]) {
      this.shown.delete(nodeKey(uid, one));
      this.tell(nodeKey(uid, one));
    }
  }

  /** All nodes of a document may look another way: it was edited, or a run of it began or ended. */
  look(uid: string): void {
    const prefix = nodeKey(uid, '');
    for (const key of [...this.shown.keys()]) if (key.startsWith(prefix)) this.stale.add(key);
    for (const key of [...this.listeners.keys()]) if (key.startsWith(prefix)) this.tell(key);
    this.tell(`document ${uid}`);
    this.tell(`marks ${uid}`);
  }

  /** Keys whose node has to be worked out anew; what comes out the same stays the same object. */
  private readonly stale = new Set<string>();

  // -- nodes --------------------------------------------------------------------------------

  /** How a node of a document is: the same object as long as that is the same. */
  node(uid: string, path: string): NodeRun | null {
    const key = nodeKey(uid, path);
    const known = this.shown.get(key);
    if (known !== undefined && !this.stale.has(key)) return known;
    const made = nodeRun(this.runsOf(uid), path, (run) => this.isStale(run, uid, path));
    const kept = known && made && sameNodeRun(known, made) ? known : made;
    this.stale.delete(key);
    this.shown.set(key, kept);
    return kept;
  }

  private isStale(run: RunEntry, uid: string, path: string): boolean {
    const document = this.documentOf(uid);
    if (!document || !run.workflow || document === run.workflow) return false;
    let comparison = this.comparisons.get(run.workflow);
    if (!comparison || this.compared.get(run.workflow) !== document) {
      comparison = new Comparison(run.workflow, document);
      this.comparisons.set(run.workflow, comparison);
      this.compared.set(run.workflow, document);
    }
    return !comparison.same(path);
  }

  /** The runs of a document, the latest first. */
  runsOf(uid: string): RunEntry[] {
    return (this.homes.get(uid) ?? []).flatMap((id) => this.runs.get(id) ?? []);
  }

  /** Their ids: the same list as long as it is the same. */
  idsOf(uid: string): readonly string[] {
    return this.homes.get(uid) ?? NONE;
  }

  // -- what is told -------------------------------------------------------------------------

  /** Take in one event of the server; if it is old, the steps are known as they were after it. */
  take(event: ServerEvent, old = false): void {
    switch (event.type) {
      case 'run':
        this.note(event.facts, old);
        break;
      case 'queue':
        if (typeof event.paused === 'boolean') this.pause(event.paused);
        break;
      case 'forgotten':
        this.forget(event.run);
        break;
      case 'step_started':
      case 'step_progress':
      case 'step_done':
      case 'step_failed':
      case 'step_skipped':
        this.change(event.run, event.node, (step) => after(step, event, this.now()));
        break;
      case 'warning':
        if (event.node)
          this.change(event.run, event.node, (step) => after(step, event, this.now()));
        break;
      case 'stored':
      case 'library':
      case 'preferences':
      case 'nodes':
        break;
    }
  }

  /** A run as it is now; unless the steps are known from later, they begin with an attempt. */
  note(facts: RunFacts, stepsAreLater = false): void {
    const known = this.runs.get(facts.id);
    const entry = known ?? this.begin(facts);
    const again = known && facts.attempt !== known.facts.attempt && facts.state === 'running';
    if (again && !stepsAreLater) {
      entry.steps.clear();
      entry.inside.clear();
    }
    const changed = !known || known.facts.state !== facts.state || again;
    entry.facts = facts;
    this.place(facts);
    this.tell(runKey(facts.id));
    if (entry.home !== null && changed) this.look(entry.home);
  }

  private begin(facts: RunFacts): RunEntry {
    const entry: RunEntry = {
      id: facts.id,
      facts,
      home: null,
      workflow: null,
      only: [],
      steps: new Map(),
      inside: new Map(),
      paths: null,
      preview: null,
    };
    this.runs.set(facts.id, entry);
    const home = this.homeOf(facts.id);
    if (home !== null) this.settleHome(entry, home);
    return entry;
  }

  /** The document that a run is of, and what exactly ran. */
  bind(facts: RunFacts, home: string, workflow: WorkflowDocument, only: readonly string[]): void {
    const entry = this.runs.get(facts.id) ?? this.begin(facts);
    entry.workflow = workflow;
    entry.only = only;
    entry.paths = involved(workflow, only);
    if (entry.home !== home) this.settleHome(entry, home);
    this.place(entry.facts);
    this.look(home);
  }

  private settleHome(entry: RunEntry, home: string): void {
    entry.home = home;
    const all = [...new Set([...(this.homes.get(home) ?? []), entry.id])]
      .map((id) => this.runs.get(id)!)
      .filter(Boolean)
      .toSorted((a, b) => b.facts.number - a.facts.number);
    for (const old of all.slice(REMEMBERED)) old.steps.clear();
    this.homes.set(
      home,
      all.slice(0, REMEMBERED).map((one) => one.id),
    );
  }

  /** The states of all steps of a run, as they were asked for. */
  settle(state: Schemas['RunState']): void {
    const entry = this.runs.get(state.run);
    if (!entry) return;
    entry.steps.clear();
    entry.inside.clear();
    for (const [path, step] of Object.entries(state.steps)) {
      const began = step.started === null ? null : this.now() - (state.now - step.started) * 1000;
      this.put(entry, { ...step, path, began });
    }
    this.tell(runKey(state.run));
    if (entry.home !== null) this.look(entry.home);
  }

  private change(run: string, node: string, change: (step: Step) => Step): void {
    const entry = this.runs.get(run);
    if (!entry) return;
    const path = canvasPath(node);
    const known = entry.steps.get(path)?.find((one) => one.path === node) ?? newStep(node);
    const next = change(known);
    if (next === known) return;
    this.put(entry, next);
    if (next.preview !== null) entry.preview = next.preview;
    if (next.preview !== known.preview || next.state !== known.state) this.tell(runKey(run));
    if (entry.home === null) return;
    this.tellNode(entry.home, path);
    if (next.state !== known.state) this.tell(`marks ${entry.home}`);
  }

  private put(entry: RunEntry, step: Step): void {
    const path = canvasPath(step.path);
    const others = (entry.steps.get(path) ?? []).filter((one) => one.path !== step.path);
    entry.steps.set(path, [...others, step]);
    for (const outer of around(path))
      entry.inside.set(outer, (entry.inside.get(outer) ?? new Set<string>()).add(path));
  }

  // -- the queue ----------------------------------------------------------------------------

  /** What runs and waits, as it was asked for. Gives the runs that are thought to be on and are not. */
  settleQueue(runs: readonly RunFacts[], paused: boolean): string[] {
    const before = this.queue;
    this.queue = runs.map((one) => one.id);
    for (const facts of runs) this.note(facts);
    this.queue = runs.map((one) => one.id);
    this.pause(paused);
    this.tell(QUEUE);
    const there = new Set(this.queue);
    return before.filter((id) => !there.has(id));
  }

  settleEnded(runs: readonly RunFacts[]): void {
    for (const facts of runs.toReversed()) this.note(facts);
  }

  private place(facts: RunFacts): void {
    const { id } = facts;
    if (isOn(facts)) {
      this.ended = this.ended.filter((one) => one !== id);
      const known = this.queue.includes(id);
      const running = facts.state === 'running';
      if (!known || running) {
        const others = this.queue.filter((one) => one !== id);
        const at = others.findIndex((one) => {
          const other = this.runs.get(one)?.facts;
          return other?.state === 'queued' && (running || (other.priority ?? 0) < facts.priority);
        });
        this.queue = others.toSpliced(at < 0 ? others.length : at, 0, id);
      }
    } else {
      this.queue = this.queue.filter((one) => one !== id);
      const others = this.ended.filter((one) => one !== id);
      const at = others.findIndex(
        (one) => (this.runs.get(one)?.facts.finished ?? 0) <= (facts.finished ?? 0),
      );
      const all = others.toSpliced(at < 0 ? others.length : at, 0, id);
      this.ended = all.slice(0, RECENT);
      for (const old of all.slice(RECENT))
        if (this.runs.get(old)?.home === null) this.runs.delete(old);
    }
    this.tell(QUEUE);
  }

  pause(paused: boolean): void {
    if (paused === this.paused) return;
    this.paused = paused;
    this.tell(QUEUE);
  }

  forget(id: string): void {
    const entry = this.runs.get(id);
    this.runs.delete(id);
    this.queue = this.queue.filter((one) => one !== id);
    this.ended = this.ended.filter((one) => one !== id);
    this.tell(QUEUE);
    this.tell(runKey(id));
    // What the nodes show of it stays for as long as they are looked at: it is no change of theirs.
    if (entry?.home != null) {
      const ids = this.homes.get(entry.home) ?? [];
      this.homes.set(
        entry.home,
        ids.filter((one) => one !== id),
      );
      this.look(entry.home);
    }
  }

  /** How much of a run is done, from 0 to 1. */
  shareOf(id: string): number {
    const entry = this.runs.get(id);
    if (!entry) return 0;
    let over = 0;
    let all = 0;
    for (const steps of entry.steps.values())
      for (const { state } of steps) {
        all += 1;
        if (state !== 'waiting' && state !== 'running') over += 1;
      }
    return over / Math.max(1, all, entry.facts.steps);
  }

  /** The step that the line which the server keeps of a failed run is about, if it is known. */
  failedStep(id: string): Step | null {
    const entry = this.runs.get(id);
    const line = entry?.facts.error;
    if (!line) return null;
    for (const steps of entry.steps.values())
      for (const step of steps) if (saysOf(step, line)) return step;
    return null;
  }

  connection(connected: boolean): void {
    if (connected === this.connected) return;
    this.connected = connected;
    this.tell(CONNECTION);
  }

  /** Whether something runs or waits. */
  isBusy(): boolean {
    return this.queue.length > 0;
  }
}

export const nodeKey = (uid: string, path: string): string => `node ${uid} ${path}`;
export const runKey = (id: string): string => `run ${id}`;
