import { beforeEach, describe, expect, it } from 'vitest';
import type { LiveReading } from '../../api/types.ts';
import { LiveConnection, type LiveSocket, type LiveState } from './live_connection.ts';

class Socket implements LiveSocket {
  onopen: LiveSocket['onopen'] = null;
  onmessage: LiveSocket['onmessage'] = null;
  onclose: LiveSocket['onclose'] = null;
  sent: unknown[] = [];
  was_closed = false;
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.was_closed = true;
  }
}

/** Time, sockets and chance under the test's hand. */
class World {
  now_ms = 0;
  sockets: Socket[] = [];
  refuses = false;
  timers: { at_ms: number; callback: () => void; is_live: boolean }[] = [];
  states: LiveState[] = [];
  readings: LiveReading[][] = [];
  errors: string[] = [];
  connection = new LiveConnection(
    {
      open: () => {
        if (this.refuses) throw new Error('refused');
        const socket = new Socket();
        this.sockets.push(socket);
        return socket;
      },
      schedule: (callback, delay_ms) => {
        const timer = { at_ms: this.now_ms + delay_ms, callback, is_live: true };
        this.timers.push(timer);
        return () => {
          timer.is_live = false;
        };
      },
      random: () => 0,
    },
    {
      on_state: (state) => this.states.push(state),
      on_readings: (readings) => this.readings.push(readings),
      on_error: (code) => this.errors.push(code),
    },
  );
  get socket(): Socket {
    return this.sockets.at(-1) as Socket;
  }
  advance(by_ms: number) {
    const end_ms = this.now_ms + by_ms;
    for (;;) {
      const next = this.timers.filter(({ is_live, at_ms }) => is_live && at_ms <= end_ms).sort((a, b) => a.at_ms - b.at_ms)[0];
      if (!next) break;
      next.is_live = false;
      this.now_ms = next.at_ms;
      next.callback();
    }
    this.now_ms = end_ms;
  }
}

let world: World;
beforeEach(() => {
  world = new World();
  world.connection.set_devices([3, 1, 3]);
  world.connection.start();
});

describe('LiveConnection', () => {
  it('subscribes once open, sorted and without repeats, and again only on a change', () => {
    expect(world.states).toEqual(['connecting']);
    world.socket.onopen?.();
    world.connection.set_devices([1, 3]);
    world.connection.set_devices([2]);
    expect(world.socket.sent).toEqual([{ subscribe: { devices: [1, 3] } }, { subscribe: { devices: [2] } }]);
    expect(world.states).toEqual(['connecting', 'live']);
  });

  it('asks for no more devices than the platform takes', () => {
    world.connection.set_devices(Array.from({ length: 300 }, (_, index) => index));
    world.socket.onopen?.();
    expect((world.socket.sent[0] as { subscribe: { devices: number[] } }).subscribe.devices).toHaveLength(200);
  });

  it('hands readings and reasons on, and survives nonsense', () => {
    world.socket.onopen?.();
    for (const data of [
      '{"readings":[{"device_id":1}]}',
      '{"ping":3}',
      'nonsense',
      'null',
      '7',
      new ArrayBuffer(2),
      '{"error":{"code":"slow","message":"x"}}',
    ]) {
      world.socket.onmessage?.({ data });
    }
    expect(world.readings).toEqual([[{ device_id: 1 }]]);
    expect(world.errors).toEqual(['slow']);
  });

  it('comes back with growing pauses, up to a ceiling', () => {
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      const closed_at_ms = world.now_ms;
      const count = world.sockets.length;
      world.socket.onclose?.();
      while (world.sockets.length === count) world.advance(50);
      pauses.push(world.now_ms - closed_at_ms);
    }
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(new Set(world.states)).toEqual(new Set(['connecting', 'reconnecting']));
  });

  it('starts over with short pauses once messages came, and subscribes anew', () => {
    for (let attempt = 0; attempt < 4; attempt += 1) {
      world.socket.onclose?.();
      world.advance(30_000);
    }
    world.socket.onopen?.();
    world.socket.onmessage?.({ data: '{"ping":1}' });
    world.socket.onclose?.();
    const count = world.sockets.length;
    world.advance(250);
    expect(world.sockets.length).toBe(count + 1);
    world.socket.onopen?.();
    expect(world.socket.sent).toEqual([{ subscribe: { devices: [1, 3] } }]);
  });

  it('drops a silent line', () => {
    world.socket.onopen?.();
    world.advance(30_000);
    world.socket.onmessage?.({ data: '{"ping":1}' });
    world.advance(39_000);
    expect(world.socket.was_closed).toBe(false);
    const silent = world.socket;
    world.advance(1_000);
    expect(silent.was_closed).toBe(true);
    expect(world.states.at(-1)).toBe('reconnecting');
  });

  it('drops a line that never opens', () => {
    world.advance(40_250);
    expect(world.sockets).toHaveLength(2);
  });

  it('keeps trying when no socket can be made', () => {
    world.refuses = true;
    world.socket.onclose?.();
    world.advance(5_000);
    world.refuses = false;
    world.advance(10_000);
    expect(world.sockets).toHaveLength(2);
  });

  it('tries at once when told that the network is back, and not twice', () => {
    world.socket.onclose?.();
    world.connection.retry_now();
    world.connection.retry_now();
    expect(world.sockets).toHaveLength(2);
    world.advance(20_000);
    expect(world.sockets).toHaveLength(2);
  });

  it('is quiet after stop', () => {
    world.socket.onopen?.();
    const last = world.socket;
    world.connection.stop();
    expect(last.was_closed).toBe(true);
    expect(last.onclose).toBeNull();
    world.advance(120_000);
    expect(world.sockets).toHaveLength(1);
  });
});
