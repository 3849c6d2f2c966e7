import { useCallback, useEffect, useState } from 'react';
import { trace_url } from '../../api/client.ts';
import type { TraceEvent } from '../../api/types.ts';
import { empty_log, type TraceLog, with_events } from './trace_log.ts';

export type TraceSubject = { device_id: number } | { gateway_id: number; channel: string };
export type TraceState = 'connecting' | 'following' | 'held' | 'ended';

interface Message {
  events?: TraceEvent[];
  dropped?: number;
  error?: { code: string; message: string };
}

/** Follows a line from the first look until the page is left, it is held, or the platform ends it. */
export function useTrace(subject: TraceSubject) {
  const [log, setLog] = useState<TraceLog>(empty_log);
  const [state, setState] = useState<TraceState>('connecting');
  const [reason, setReason] = useState('');
  const [round, setRound] = useState(0);
  const [is_held, setHeld] = useState(false);
  const key = JSON.stringify(subject);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` asks for a new connection
  useEffect(() => {
    if (is_held) return setState('held');
    setState('connecting');
    const socket = new WebSocket(trace_url(window.location, JSON.parse(key) as TraceSubject));
    let is_over = false;
    socket.onopen = () => setState('following');
    socket.onmessage = ({ data }: { data: unknown }) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.events || message.dropped) setLog((before) => with_events(before, message.events ?? [], message.dropped ?? 0));
      if (message.error) setReason(message.error.message);
    };
    socket.onclose = () => {
      if (!is_over) setState('ended');
    };
    return () => {
      is_over = true;
      socket.onmessage = null;
      socket.close();
    };
  }, [key, is_held, round]);
  return {
    log,
    state,
    reason,
    hold: useCallback(() => setHeld(true), []),
    follow: useCallback(() => {
      setReason('');
      setHeld(false);
      setRound((before) => before + 1);
    }, []),
    clear: useCallback(() => setLog((before) => ({ ...empty_log, next_number: before.next_number })), []),
  };
}
