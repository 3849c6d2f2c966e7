import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { queries } from '../../api/queries.ts';
import type { TraceEvent } from '../../api/types.ts';
import { Choice } from '../../components/choice.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { clock_text, usable_time_zone } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { OctetGrid } from '../provenance/octet_grid.tsx';
import '../provenance/provenance.css';
import { as_text, matching, type NumberedEvent } from './trace_log.ts';
import './tracing.css';
import { type TraceSubject, useTrace } from './use_trace.ts';

const kinds: readonly TraceEvent['kind'][] = ['sent', 'received', 'answered', 'refused', 'timed_out', 'opened', 'closed'];
const shown_max = 500;
/** Within so many pixels of its end a list counts as being at its end. */
const near_end_px = 40;

function save(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}

function Explained({ event }: { event: NumberedEvent }) {
  const { t } = useLanguage();
  const analysis = useQuery(queries.analysed_frame(event.hex, 'auto', false));
  if (analysis.isPending) return <Skeleton rows={4} height={20} />;
  if (analysis.isError) return <ProblemView error={analysis.error} on_retry={() => void analysis.refetch()} />;
  return analysis.data.items.map((item) =>
    item.frame?.fields ? (
      <OctetGrid
        key={item.offset}
        title={t('analyser.frame')}
        octets={{ hex: item.frame.hex, error: item.frame.is_valid ? null : item.frame.fault_en, fields: item.frame.fields }}
      />
    ) : (
      <OctetGrid
        key={item.offset}
        title={t('analyser.gap')}
        octets={{ hex: item.gap?.hex ?? event.hex, error: null, fields: [] }}
      />
    ),
  );
}

function Line({
  event,
  time_zone,
  is_chosen,
  on_choose,
}: {
  event: NumberedEvent;
  time_zone: string;
  is_chosen: boolean;
  on_choose: () => void;
}) {
  const { t } = useLanguage();
  const milliseconds = String(Date.parse(event.time) % 1000).padStart(3, '0');
  return (
    <li className={`trace-line trace-${event.kind}`}>
      <button type="button" aria-pressed={is_chosen} disabled={event.hex === ''} onClick={on_choose}>
        <time className="number" dateTime={event.time}>
          {clock_text(Date.parse(event.time), time_zone)}.{milliseconds}
        </time>
        <span className="trace-kind">{t(`trace.${event.kind}`)}</span>
        <span className="trace-who">{event.device_uid || event.channel}</span>
        <span className="mono trace-octets">{event.hex.replaceAll(/(..)(?=.)/g, '$1 ')}</span>
        {event.note && <span className="faint">{event.note}</span>}
      </button>
    </li>
  );
}

/** Keeps the newest line in view while the reader stands at the end. */
function useFollowing(count: number) {
  const list = useRef<HTMLOListElement>(null);
  const is_at_end = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new line is a reason to scroll
  useEffect(() => {
    if (list.current && is_at_end.current) list.current.scrollTop = list.current.scrollHeight;
  }, [count]);
  const on_scroll = () => {
    const element = list.current;
    if (element) is_at_end.current = element.scrollHeight - element.scrollTop - element.clientHeight < near_end_px;
  };
  return { list, on_scroll };
}

/** The lines of a trace with all one can do to them. */
export function TraceView({ subject, name, time_zone: given }: { subject: TraceSubject; name: string; time_zone?: string }) {
  const { t } = useLanguage();
  const time_zone = usable_time_zone(given);
  const { log, state, reason, hold, follow, clear } = useTrace(subject);
  const [kind, setKind] = useState<TraceEvent['kind'] | undefined>(undefined);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<NumberedEvent | null>(null);
  const found = matching(log.events, { kind, text });
  const shown = found.slice(-shown_max);
  const { list, on_scroll } = useFollowing(log.next_number);
  const is_running = state === 'following' || state === 'connecting';
  return (
    <Panel
      title={t('trace.title')}
      note={t(`trace.state_${state}`)}
      actions={
        <>
          <button type="button" className="button button-small" onClick={is_running ? hold : follow}>
            {t(is_running ? 'trace.hold' : 'trace.follow')}
          </button>
          <button
            type="button"
            className="button button-small"
            disabled={found.length === 0}
            onClick={() => save(`${name}.log`, as_text(found))}
          >
            {t('trace.save')}
          </button>
          <button type="button" className="button button-small" disabled={log.events.length === 0} onClick={clear}>
            {t('trace.clear')}
          </button>
        </>
      }
    >
      <div className="filters">
        <Choice
          class_name="filter"
          label={t('trace.kind')}
          value={kind}
          none={t('trace.all_kinds')}
          options={kinds.map((one) => ({ value: one, label: t(`trace.${one}`) }))}
          on_change={setKind}
        />
        <span className="filter-search">
          <input
            type="search"
            aria-label={t('trace.filter')}
            placeholder={t('trace.filter')}
            maxLength={200}
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
        </span>
        <output className="faint trace-count">
          {t('trace.count', { shown: shown.length, found: found.length })}{' '}
          {log.dropped > 0 && t('trace.dropped', { count: log.dropped })}
        </output>
      </div>
      {state === 'ended' && <p className="notice">{reason || t('trace.ended')}</p>}
      {log.events.length === 0 ? (
        <Empty title={t('trace.empty')} hint={t('trace.empty_hint')} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long list must be scrollable from the keyboard
        <ol className="trace-lines" ref={list} onScroll={on_scroll} tabIndex={0} aria-label={t('trace.title')}>
          {shown.map((event) => (
            <Line
              key={event.number}
              event={event}
              time_zone={time_zone}
              is_chosen={chosen?.number === event.number}
              on_choose={() => setChosen((before) => (before?.number === event.number ? null : event))}
            />
          ))}
        </ol>
      )}
      {chosen && (
        <section className="trace-explained" aria-label={t('analyser.octets')}>
          <Explained key={chosen.number} event={chosen} />
        </section>
      )}
    </Panel>
  );
}
