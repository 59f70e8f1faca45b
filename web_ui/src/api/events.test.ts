import { beforeEach, describe, expect, it } from 'vitest';
import { BACK_OFF, Events, SILENCE, type Feed, type ServerEvent, type Socket } from './events';

class Time {
  at = 0;
  private waiting: { at: number; then: () => void }[] = [];
  now = (): number => this.at;
  after = (milliseconds: number, then: () => void): (() => void) => {
    const one = { at: this.at + milliseconds, then };
    this.waiting.push(one);
    return () => {
      this.waiting = this.waiting.filter((other) => other !== one);
    };
  };
  async pass(milliseconds: number): Promise<void> {
    const end = this.at + milliseconds;
    for (;;) {
      const next = this.waiting.toSorted((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      this.waiting = this.waiting.filter((one) => one !== next);
      this.at = next.at;
      next.then();
      await settled();
    }
    this.at = end;
  }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

class Wire implements Socket {
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  closed = false;
  constructor(readonly query: string) {}
  close(): void {
    this.closed = true;
  }
  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  break(): void {
    this.onclose?.();
  }
}

const queued = (number: number): ServerEvent => ({ type: 'queue', number, paused: null });

let time: Time;
let wires: Wire[];
let told: number[];
let states: boolean[];
let gaps: number;
let answers: boolean;
let busy: boolean;
let gap: () => Promise<void>;
let events: Events;

beforeEach(() => {
  time = new Time();
  wires = [];
  told = [];
  states = [];
  gaps = 0;
  answers = true;
  busy = false;
  gap = async () => {};
  const feed: Feed = {
    open: (query) => wires[wires.push(new Wire(query)) - 1]!,
    clock: time,
    onEvents: (all) => told.push(...all.map((one) => ('number' in one ? one.number : -1))),
    onGap: () => {
      gaps += 1;
      return gap();
    },
    onState: (connected) => states.push(connected),
    probe: async () => answers,
    busy: () => busy,
  };
  events = new Events(feed);
  events.start();
});

const greet = async (complete: boolean, last: number, epoch = 'e1'): Promise<void> => {
  wires.at(-1)!.say({ epoch, last, complete });
  await settled();
};

describe('the feed of events', () => {
  it('asks for the state of things when it first connects, and then tells what happens', async () => {
    expect(wires[0]!.query).toBe('');
    await greet(false, 7);
    expect(gaps).toBe(1);
    expect(states).toEqual([true]);
    wires[0]!.say({ events: [queued(8), queued(9)] });
    expect(told).toEqual([8, 9]);
  });

  it('R6: names the last number it has after a loss, and asks for nothing if it missed nothing', async () => {
    await greet(false, 7);
    wires[0]!.say({ events: [queued(8)] });
    wires[0]!.break();
    expect(states).toEqual([true, false]);
    await time.pass(BACK_OFF[0]);
    expect(wires[1]!.query).toBe('?epoch=e1&after=8');
    await greet(true, 9);
    wires[1]!.say({ events: [queued(9)] });
    expect(told).toEqual([8, 9]);
    expect(gaps).toBe(1);
    expect(states.at(-1)).toBe(true);
  });

  it('holds back what comes while the state of things is asked for', async () => {
    let answer = () => {};
    gap = () => new Promise((resolve) => (answer = resolve));
    await greet(false, 3);
    wires[0]!.say({ events: [queued(4)] });
    expect(told).toEqual([]);
    expect(states).toEqual([]);
    answer();
    await settled();
    expect(told).toEqual([4]);
    expect(states).toEqual([true]);
  });

  it('asks for the state of things when the server is another one than before', async () => {
    await greet(false, 7);
    wires[0]!.break();
    await time.pass(BACK_OFF[0]);
    await greet(false, 1, 'e2');
    expect(gaps).toBe(2);
    wires[1]!.break();
    await time.pass(BACK_OFF[0]);
    expect(wires[2]!.query).toBe('?epoch=e2&after=1');
  });

  it('tries again ever more rarely, and at once when told that the network is back', async () => {
    for (const wait of BACK_OFF) {
      const before = wires.length;
      wires.at(-1)!.break();
      await time.pass(wait - 1);
      expect(wires).toHaveLength(before);
      await time.pass(1);
      expect(wires).toHaveLength(before + 1);
    }
    const before = wires.length;
    wires.at(-1)!.break();
    events.retry();
    expect(wires).toHaveLength(before + 1);
  });

  it('starts anew when the state of things cannot be had', async () => {
    gap = () => Promise.reject(new Error('gone'));
    await greet(false, 3);
    expect(states).toEqual([false]);
    gap = async () => {};
    await time.pass(BACK_OFF[0]);
    expect(wires[1]!.query).toBe('');
    await greet(false, 3);
    expect(states).toEqual([false, true]);
  });

  it('R6: looks into silence while something runs, so that a dead connection is found within 3 s', async () => {
    await greet(false, 0);
    answers = false;
    await time.pass(10 * SILENCE);
    expect(states).toEqual([true]);
    busy = true;
    wires[0]!.say({ events: [queued(1)] });
    await time.pass(3000);
    expect(states.slice(0, 2)).toEqual([true, false]);
    expect(wires[0]!.closed).toBe(true);
  });

  it('says nothing more once it is stopped', async () => {
    await greet(false, 0);
    const wire = wires[0]!;
    events.stop();
    wire.say({ events: [queued(1)] });
    await time.pass(60_000);
    expect(told).toEqual([]);
    expect(wires).toHaveLength(1);
    expect(wire.closed).toBe(true);
  });
});
