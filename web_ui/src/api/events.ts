/**
 * What the server tells over its WebSocket, in order and without a gap.
 *
 * Changes of state are numbered. After a loss the feed names the last number it has and is told the
 * rest; where that is not to be had, `onGap` asks for the state of things, and what comes meanwhile
 * waits. Knows no page: socket and clock are handed in.
 */

import type { Schemas } from './client';

export type ServerEvent = Schemas['ServerEvent'];

export interface Socket {
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  close(): void;
}

export interface Clock {
  after(milliseconds: number, then: () => void): () => void;
  now(): number;
}

export interface Feed {
  /** Opens a socket with the query of its address: `?epoch=…&after=…`. */
  open(query: string): Socket;
  clock: Clock;
  /** What happened, in order. */
  onEvents(events: readonly ServerEvent[]): void;
  /** Something may have been missed: ask for the state of things. Events wait until that is done. */
  onGap(): Promise<void>;
  onState(connected: boolean): void;
  /** Whether the server answers; asked when it is silent while something runs. */
  probe(): Promise<boolean>;
  /** Whether silence has to be looked into. */
  busy(): boolean;
}

/** Milliseconds from one attempt to the next: soon at first, then ever more rarely. */
export const BACK_OFF = [100, 250, 500, 1000, 2000, 4000, 8000] as const;

/** Milliseconds of silence after which the server is asked whether it is still there. */
export const SILENCE = 1500;

interface Greeting {
  epoch: string;
  last: number;
  complete: boolean;
}

export class Events {
  private epoch = '';
  private last = 0;
  private attempt = 0;
  private socket: Socket | null = null;
  private greeted = false;
  private heard = 0;
  private waiting: ServerEvent[] | null = null;
  private stopTimers: (() => void)[] = [];
  private stopped = true;

  constructor(private readonly feed: Feed) {}

  /** Which life of the server the numbers are of. */
  get name(): string {
    return this.epoch;
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.connect();
    this.watch();
  }

  stop(): void {
    this.stopped = true;
    for (const stop of this.stopTimers.splice(0)) stop();
    this.drop();
  }

  /** Try at once, as when the network is back. */
  retry(): void {
    if (this.stopped || this.greeted) return;
    this.attempt = 0;
    this.drop();
    this.connect();
  }

  /** The connection is known to be gone, though nobody has closed it. */
  lose(): void {
    if (this.stopped || !this.socket) return;
    this.drop();
    this.lost();
  }

  private connect(): void {
    const query = this.epoch ? `?epoch=${this.epoch}&after=${this.last}` : '';
    const socket = this.feed.open(query);
    this.socket = socket;
    this.greeted = false;
    socket.onmessage = ({ data }) => {
      if (socket === this.socket && typeof data === 'string') this.receive(JSON.parse(data));
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.socket = null;
      this.lost();
    };
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.greeted = false;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private lost(): void {
    this.greeted = false;
    if (this.stopped) return;
    this.feed.onState(false);
    const wait = BACK_OFF[Math.min(this.attempt, BACK_OFF.length - 1)]!;
    this.attempt += 1;
    this.later(wait, () => {
      if (!this.socket) this.connect();
    });
  }

  private receive(message: Greeting | { events: ServerEvent[] }): void {
    this.heard = this.feed.clock.now();
    if ('events' in message) this.take(message.events);
    else void this.greet(message);
  }

  private async greet(greeting: Greeting): Promise<void> {
    const socket = this.socket;
    this.greeted = true;
    this.attempt = 0;
    this.epoch = greeting.epoch;
    if (!greeting.complete) {
      this.last = greeting.last;
      this.waiting = [];
      try {
        await this.feed.onGap();
      } catch {
        // It does not answer any more: what it did not tell is asked for again.
        if (socket !== this.socket) return;
        this.epoch = '';
        this.waiting = null;
        this.drop();
        this.lost();
        return;
      }
      if (socket !== this.socket) return;
      const events = this.waiting ?? [];
      this.waiting = null;
      if (events.length) this.feed.onEvents(events);
    }
    this.feed.onState(true);
  }

  private take(events: readonly ServerEvent[]): void {
    for (const event of events)
      if ('number' in event && event.number > this.last) this.last = event.number;
    if (this.waiting) this.waiting.push(...events);
    else this.feed.onEvents(events);
  }

  private watch(): void {
    this.later(SILENCE, () => {
      void this.look();
      this.watch();
    });
  }

  private async look(): Promise<void> {
    const socket = this.socket;
    if (!socket || !this.greeted || !this.feed.busy()) return;
    if (this.feed.clock.now() - this.heard < SILENCE) return;
    if (!(await this.feed.probe()) && socket === this.socket) this.lose();
  }

  private later(milliseconds: number, then: () => void): void {
    const stop = this.feed.clock.after(milliseconds, () => {
      this.stopTimers = this.stopTimers.filter((one) => one !== stop);
      then();
    });
    this.stopTimers.push(stop);
  }
}
