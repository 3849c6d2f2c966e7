import type { TraceEvent } from '../../api/types.ts';

export interface NumberedEvent extends TraceEvent {
  number: number;
}

/** What is kept of a trace; the oldest give way. */
export const events_max = 5_000;

export interface TraceLog {
  events: readonly NumberedEvent[];
  next_number: number;
  /** Lost on the way, because the line was faster than the reader, or given way here. */
  dropped: number;
}
export const empty_log: TraceLog = { events: [], next_number: 1, dropped: 0 };

export function with_events(log: TraceLog, events: readonly TraceEvent[], dropped: number): TraceLog {
  const numbered = events.map((event, index) => ({ ...event, number: log.next_number + index }));
  const all = [...log.events, ...numbered];
  const too_many = Math.max(0, all.length - events_max);
  return {
    events: too_many > 0 ? all.slice(too_many) : all,
    next_number: log.next_number + events.length,
    dropped: log.dropped + dropped + too_many,
  };
}

export interface TraceFilter {
  kind: TraceEvent['kind'] | undefined;
  /** Part of the octets (blanks ignored), the device's name or the note. */
  text: string;
}

export function matching(events: readonly NumberedEvent[], { kind, text }: TraceFilter): NumberedEvent[] {
  const wanted = text.trim().toLowerCase();
  const octets = wanted.replaceAll(' ', '').toUpperCase();
  return events.filter(
    (event) =>
      (kind === undefined || event.kind === kind) &&
      (wanted === '' ||
        (/^[0-9A-F]+$/.test(octets) && event.hex.includes(octets)) ||
        `${event.device_uid} ${event.note} ${event.channel}`.toLowerCase().includes(wanted)),
  );
}

const directions: Partial<Record<TraceEvent['kind'], string>> = { sent: 'TX', received: 'RX' };

/** As lines of a log, in the form that the analyser (and people) read. */
export function as_text(events: readonly TraceEvent[]): string {
  return events
    .map(({ time, kind, hex, device_uid, channel, note }) =>
      [time, directions[kind] ?? kind, channel, device_uid, hex.replaceAll(/(..)(?=.)/g, '$1 '), note]
        .filter((part) => part !== '')
        .join(' '),
    )
    .concat('')
    .join('\n');
}
