import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { ApiError } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { FrameProvenance } from '../../api/types.ts';
import { QualityMarks } from '../../components/badges.tsx';
import { CopyButton } from '../../components/copy_button.tsx';
import { Fact, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { value_text } from '../../format/value.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { analyser_path } from '../analyser/link.ts';
import { register_label } from '../devices/registers.ts';
import { EditRecordView } from './edit_record_view.tsx';
import { OctetGrid } from './octet_grid.tsx';
import './provenance.css';

function difference(from: string | null, to: string): string | null {
  if (!from) return null;
  const length_ms = Date.parse(to) - Date.parse(from);
  return `${length_ms < 0 ? '−' : '+'}${Math.abs(length_ms) < 10_000 ? `${Math.abs(length_ms)} ms` : `${(Math.abs(length_ms) / 1000).toFixed(1)} s`}`;
}

function Timeline({ times, time_zone }: { times: FrameProvenance['times']; time_zone: string | undefined }) {
  const { t } = useLanguage();
  const steps = [
    { key: 'sent', time: times.sent, after: null },
    { key: 'received', time: times.received, after: difference(times.sent, times.received) },
    { key: 'stored', time: times.stored, after: difference(times.received, times.stored) },
  ] as const;
  return (
    <ol className="timeline">
      {steps.map(({ key, time, after }) => (
        <li key={key} className={time ? 'timeline-step' : 'timeline-step is-absent'}>
          <span className="timeline-name">{t(`provenance.${key}`)}</span>
          {after && <span className="timeline-after number">{after}</span>}
          <span className="timeline-time">
            {time ? <TimeText time={time} time_zone={time_zone} milliseconds /> : t('provenance.unasked')}
          </span>
          <span className="faint small">{t(`provenance.${key}_hint`)}</span>
        </li>
      ))}
    </ol>
  );
}

function Readings({ provenance, time_zone }: { provenance: FrameProvenance; time_zone: string | undefined }) {
  const { t } = useLanguage();
  if (provenance.readings.length === 0) return <p className="faint">{t('provenance.no_readings')}</p>;
  return (
    <ul className="frame-readings">
      {provenance.readings.map(({ register, unit, kind, value, time, quality }) => (
        <li key={`${register} ${time}`}>
          <span>{register_label(register, t)}</span>
          <span className="number frame-reading-value">
            {value === null ? t('device.no_value') : value_text(register, kind, value)} <span className="unit">{unit}</span>
          </span>
          <span className="faint small">
            <QualityMarks quality={quality} /> <TimeText time={time} time_zone={time_zone} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Evidence({ provenance }: { provenance: FrameProvenance }) {
  const { t } = useLanguage();
  const { device } = provenance;
  return (
    <dl className="facts evidence">
      <Fact label={t('provenance.device')}>
        {device ? <Link to={`/devices/${device.id}`}>{device.name}</Link> : t('provenance.unassigned_device')}
        <span className="mono faint small"> {provenance.device_uid}</span>
      </Fact>
      <Fact label={t('provenance.gateway')}>{provenance.gateway.name}</Fact>
      <Fact label={t('provenance.protocol')}>{provenance.protocol}</Fact>
      <Fact label={t('provenance.journal_record')}>
        <span className="number">{provenance.journal_record}</span>
      </Fact>
      <Fact label={t('provenance.epoch')}>
        <span className="mono">{provenance.epoch}</span>
      </Fact>
      <Fact label={t('provenance.sequence')}>
        <span className="number">{provenance.sequence}</span>
      </Fact>
      <div className="fact fact-wide">
        <dt>{t('provenance.batch_hash')}</dt>
        <dd className="mono hash">{provenance.batch_hash}</dd>
      </div>
    </dl>
  );
}

/** Takes the octets to the analyser; they travel in the address's fragment, which is not sent. */
function AnalyserLink({ hex }: { hex: string }) {
  const { t } = useLanguage();
  return (
    <Link className="button button-small" to={analyser_path({ hex, protocol: 'auto', is_apdu: false })}>
      {t('analyser.open_here')}
    </Link>
  );
}

/** Everything known about one frame: octets explained, when it went where, the evidence, and what was read from it. */
export function FrameView({ frame }: { frame: string }) {
  const { t } = useLanguage();
  const provenance = useQuery(queries.frame(frame));
  const device_id = provenance.data?.device?.id;
  const device = useQuery({ ...queries.device(device_id ?? 0), enabled: device_id !== undefined, staleTime: 60_000 });
  if (provenance.isPending) return <Skeleton rows={10} height={22} />;
  if (provenance.isError) {
    const is_missing = provenance.error instanceof ApiError && provenance.error.status === 404;
    if (is_missing) return <EditRecordView frame={frame} />;
    return <ProblemView error={provenance.error} on_retry={() => void provenance.refetch()} />;
  }
  const { data } = provenance;
  const time_zone = device.data?.time_zone;
  return (
    <article className="frame-view">
      <section>
        <div className="frame-head">
          <h3>{t('provenance.readings')}</h3>
          <CopyButton label={t('provenance.copy_json')} text={() => JSON.stringify(data, null, 2)} />
        </div>
        <Readings provenance={data} time_zone={time_zone} />
      </section>
      <section aria-label={t('provenance.timeline')}>
        <Timeline times={data.times} time_zone={time_zone} />
      </section>
      {data.response ? (
        <OctetGrid title={t('provenance.response')} octets={data.response}>
          <AnalyserLink hex={data.response.hex} />
        </OctetGrid>
      ) : (
        <p className="octets-error">{t('provenance.no_response')}</p>
      )}
      {data.request ? (
        <OctetGrid title={t('provenance.request')} octets={data.request}>
          <AnalyserLink hex={data.request.hex} />
        </OctetGrid>
      ) : (
        <p className="faint">{t('provenance.no_request')}</p>
      )}
      <p className="faint small">{t('provenance.grid_hint')}</p>
      <section>
        <h3>{t('provenance.evidence')}</h3>
        <Evidence provenance={data} />
      </section>
    </article>
  );
}
