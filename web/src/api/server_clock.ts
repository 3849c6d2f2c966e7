import { useSyncExternalStore } from 'react';

/**
 * Ages are counted on the platform's clock, so that a browser with a wrong clock still shows true ages. The difference is taken
 * from every answer that tells the platform's time; less than half a second is network delay, not clock, and left alone.
 */
let offset_ms = 0;
const tolerance_ms = 500;

export function observe_server_time(server_time: unknown): void {
  if (typeof server_time !== 'string') return;
  const seen = Date.parse(server_time) - Date.now();
  if (Number.isFinite(seen) && Math.abs(seen - offset_ms) > tolerance_ms) offset_ms = seen;
}

export function server_now_ms(): number {
  return Date.now() + offset_ms;
}

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let tick_ms = server_now_ms();

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    tick_ms = server_now_ms();
    timer = setInterval(() => {
      tick_ms = server_now_ms();
      for (const notify of listeners) notify();
    }, 1_000);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

/** The platform's time now, ticking once a second; one timer serves every age on the page. */
export function useServerNow(): number {
  return useSyncExternalStore(subscribe, () => tick_ms);
}
