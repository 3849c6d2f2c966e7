import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { live_url } from '../../api/client.ts';
import { session_key } from '../../api/queries.ts';
import { apply_alarms } from './apply_alarms.ts';
import { apply_readings } from './apply_readings.ts';
import { LiveConnection, type LiveSocket, type LiveState } from './live_connection.ts';

/** Keeps devices subscribed until the returned function is called. */
type Watch = (devices: readonly number[]) => () => void;
const StateContext = createContext<LiveState>('connecting');
const WatchContext = createContext<Watch>(() => () => undefined);

function schedule(callback: () => void, delay_ms: number): () => void {
  const timer = setTimeout(callback, delay_ms);
  return () => clearTimeout(timer);
}

/** Holds the app's one WebSocket while somebody is logged in. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  const watched = useRef(new Map<symbol, readonly number[]>());
  const connection = useRef<LiveConnection | null>(null);

  useEffect(() => {
    const live = new LiveConnection(
      { open: () => new WebSocket(live_url(window.location)) as unknown as LiveSocket, schedule, random: Math.random },
      {
        on_state: (next) => {
          setState(next);
          // What changed while nobody listened.
          if (next === 'live') void client.invalidateQueries({ queryKey: ['alarm_counts'] });
        },
        on_readings: (readings) => apply_readings(client, readings),
        on_alarms: (news) => apply_alarms(client, news),
        // Whatever the reason was, the next look at the session tells whether it is still good.
        on_error: () => void client.invalidateQueries({ queryKey: session_key }),
      },
    );
    connection.current = live;
    live.set_devices([...watched.current.values()].flat());
    live.start();
    const retry = () => live.retry_now();
    window.addEventListener('online', retry);
    return () => {
      window.removeEventListener('online', retry);
      connection.current = null;
      live.stop();
    };
  }, [client]);

  const watch = useCallback<Watch>((devices) => {
    const refresh = () => connection.current?.set_devices([...watched.current.values()].flat());
    const token = Symbol('watch');
    watched.current.set(token, devices);
    refresh();
    return () => {
      watched.current.delete(token);
      refresh();
    };
  }, []);
  return (
    <WatchContext value={watch}>
      <StateContext value={state}>{children}</StateContext>
    </WatchContext>
  );
}

export function useLiveState(): LiveState {
  return useContext(StateContext);
}

/** Subscribes to these devices while the calling component is shown. */
export function useLiveDevices(devices: readonly number[]): void {
  const watch = useContext(WatchContext);
  const key = devices.join(',');
  useEffect(() => (key === '' ? undefined : watch(key.split(',').map(Number))), [watch, key]);
}

/** How often to ask the platform: seldom while values come by themselves, often while they do not. */
export function usePollInterval(live_ms: number, polling_ms: number): number {
  return useLiveState() === 'live' ? live_ms : polling_ms;
}
