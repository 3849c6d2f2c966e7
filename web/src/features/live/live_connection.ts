import type { AlarmNews, LiveReading } from '../../api/types.ts';

export type LiveState = 'connecting' | 'live' | 'reconnecting';

/** The part of a WebSocket that is used here. */
export interface LiveSocket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send: (text: string) => void;
  close: () => void;
}

export interface LiveWorld {
  open: () => LiveSocket;
  /** Calls back after a delay; returns what cancels it. */
  schedule: (callback: () => void, delay_ms: number) => () => void;
  /** Evenly in [0, 1). */
  random: () => number;
}

export interface LiveEvents {
  on_state: (state: LiveState) => void;
  on_readings: (readings: LiveReading[]) => void;
  /** Alarms have changed. */
  on_alarms?: (news: AlarmNews) => void;
  /** The platform's reason for closing; `code` as in Problem. */
  on_error: (code: string, message: string) => void;
}

/** The platform's limit on one subscription. */
export const devices_max = 200;
const first_delay_ms = 500;
const delay_ms_max = 30_000;
/** The platform pings every 15 s; two missed and the line counts as dead. */
const silence_ms_max = 40_000;

interface ServerMessage {
  readings?: LiveReading[];
  alarms?: AlarmNews;
  error?: { code: string; message: string };
}

function parse(data: unknown): ServerMessage | null {
  if (typeof data !== 'string') return null;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === 'object' && message !== null ? (message as ServerMessage) : null;
  } catch {
    return null;
  }
}

/**
 * The app's one WebSocket: subscribes to the devices on view, watches for silence, and comes back by itself with growing,
 * jittered pauses, so that a restarted platform is not stormed by every open browser at once.
 */
export class LiveConnection {
  readonly #world: LiveWorld;
  readonly #events: LiveEvents;
  #socket: LiveSocket | null = null;
  #is_open = false;
  #failures = 0;
  #devices: number[] = [];
  #cancel_retry: (() => void) | null = null;
  #cancel_watch: (() => void) | null = null;

  constructor(world: LiveWorld, events: LiveEvents) {
    this.#world = world;
    this.#events = events;
  }

  start(): void {
    this.#events.on_state('connecting');
    this.#connect();
  }

  stop(): void {
    this.#cancel_retry?.();
    this.#cancel_retry = null;
    this.#drop_socket();
  }

  /** Replaces the subscription; more than the platform takes are cut off. */
  set_devices(devices: Iterable<number>): void {
    const wanted = [...new Set(devices)].sort((a, b) => a - b).slice(0, devices_max);
    if (wanted.length === this.#devices.length && wanted.every((id, index) => id === this.#devices[index])) return;
    this.#devices = wanted;
    if (this.#is_open) this.#send_subscription();
  }

  /** Tries at once, e.g. when the browser says that the network is back. */
  retry_now(): void {
    if (!this.#cancel_retry) return;
    this.#cancel_retry();
    this.#failures = 0;
    this.#connect();
  }

  #connect(): void {
    this.#cancel_retry = null;
    let socket: LiveSocket;
    try {
      socket = this.#world.open();
    } catch {
      this.#retry_later();
      return;
    }
    this.#socket = socket;
    this.#watch();
    socket.onopen = () => {
      this.#is_open = true;
      this.#events.on_state('live');
      this.#send_subscription();
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = () => {
      this.#drop_socket();
      this.#retry_later();
    };
  }

  #receive(data: unknown): void {
    this.#watch();
    // A line that only opens and closes again is no success; one that carries messages is.
    this.#failures = 0;
    const message = parse(data);
    if (message?.readings) this.#events.on_readings(message.readings);
    if (message?.alarms) this.#events.on_alarms?.(message.alarms);
    if (message?.error) this.#events.on_error(message.error.code, message.error.message);
  }

  #send_subscription(): void {
    this.#socket?.send(JSON.stringify({ subscribe: { devices: this.#devices } }));
  }

  #watch(): void {
    this.#cancel_watch?.();
    this.#cancel_watch = this.#world.schedule(() => {
      this.#drop_socket();
      this.#retry_later();
    }, silence_ms_max);
  }

  #drop_socket(): void {
    this.#cancel_watch?.();
    this.#cancel_watch = null;
    this.#is_open = false;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  #retry_later(): void {
    this.#events.on_state('reconnecting');
    const ceiling_ms = Math.min(delay_ms_max, first_delay_ms * 2 ** this.#failures);
    this.#failures += 1;
    const delay_ms = ceiling_ms / 2 + (ceiling_ms / 2) * this.#world.random();
    this.#cancel_retry = this.#world.schedule(() => this.#connect(), delay_ms);
  }
}
