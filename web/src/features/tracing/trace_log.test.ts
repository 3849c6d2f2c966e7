import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../api/types.ts';
import { as_text, empty_log, events_max, matching, with_events } from './trace_log.ts';

const event = (part: Partial<TraceEvent>): TraceEvent => ({
  time: '2026-11-21T08:00:00.000Z',
  kind: 'sent',
  hex: '6811',
  device_uid: 'dlt645:1',
  channel: 'line-1',
  note: '',
  ...part,
});

describe('a trace', () => {
  it('numbers events and keeps the newest', () => {
    let log = with_events(empty_log, [event({}), event({ kind: 'received' })], 0);
    expect(log.events.map(({ number }) => number)).toEqual([1, 2]);
    log = with_events(
      log,
      Array.from({ length: events_max }, () => event({})),
      3,
    );
    expect(log.events).toHaveLength(events_max);
    expect(log.events[0]?.number).toBe(3);
    expect(log.dropped).toBe(5);
  });

  it('finds octets with or without blanks, and words', () => {
    const { events } = with_events(
      empty_log,
      [event({ hex: '68AA16' }), event({ kind: 'timed_out', hex: '', note: 'no answer' })],
      0,
    );
    expect(matching(events, { kind: undefined, text: 'aa 16' })).toHaveLength(1);
    expect(matching(events, { kind: undefined, text: 'no ANSWER' })).toHaveLength(1);
    expect(matching(events, { kind: 'sent', text: '' })).toHaveLength(1);
    expect(matching(events, { kind: 'sent', text: 'no answer' })).toHaveLength(0);
  });

  it('is saved as a log with directions', () => {
    expect(as_text([event({}), event({ kind: 'timed_out', hex: '', note: 'no answer' })])).toBe(
      '2026-11-21T08:00:00.000Z TX line-1 dlt645:1 68 11\n2026-11-21T08:00:00.000Z timed_out line-1 dlt645:1 no answer\n',
    );
  });
});
