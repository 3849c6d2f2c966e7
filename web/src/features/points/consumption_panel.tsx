import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { queries } from '../../api/queries.ts';
import { server_now_ms } from '../../api/server_clock.ts';
import type { ChainValue, Consumption, ConsumptionBucket, PointConsumption, PointDetail } from '../../api/types.ts';
import { QualityMarks } from '../../components/badges.tsx';
import { Choice } from '../../components/choice.tsx';
import { DataTable } from '../../components/data_table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { Icon } from '../../components/icons.tsx';
import { Empty, Fact, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { grouped } from '../../format/value.ts';
import { civil_date, iso_date, normal_date } from '../../format/zoned_time.ts';
import { is_message_key, useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { VersionGate } from '../edits/version_gate.tsx';
import { VersionLink } from '../edits/version_link.tsx';
import { FigureLink, point_path } from '../provenance/figure_link.tsx';

function Amount({ text, unit }: { text: string | null; unit: string }) {
  return text === null ? (
    <>–</>
  ) : (
    <>
      <span className="number">{grouped(text)}</span> <span className="unit">{unit}</span>
    </>
  );
}

/** As Amount shows it: what is seen must be part of what is read out. */
const amount_text = (text: string | null, unit: string) => (text === null ? '–' : `${grouped(text)} ${unit}`);

function Status({ status }: { status: Consumption['status'] }) {
  const { t } = useLanguage();
  return <span className={`consumption-status is-${status}`}>{t(`consumption.status_${status}`)}</span>;
}

function Value({ value, unit, time_zone }: { value: ChainValue | null; unit: string; time_zone: string }) {
  const { t } = useLanguage();
  if (!value) return <>–</>;
  return (
    <>
      <Amount text={value.value} unit={unit} /> · <TimeText time={value.time} time_zone={time_zone} /> ·{' '}
      {t(`consumption.origin_${value.origin}`)} {value.origin === 'reading' && <QualityMarks quality={value.quality} />}
      {value.origin === 'reading' && (
        <VersionLink series={value.series_id} time={value.time} label={t('edits.history_of', { time: value.time })}>
          <Icon name="eye" size={15} />
        </VersionLink>
      )}
    </>
  );
}

/** The values a figure stands on, and every step that was no plain increase. */
export function Evidence({ figure, unit, time_zone }: { figure: Consumption; unit: string; time_zone: string }) {
  const { t } = useLanguage();
  const kind_text = (kind: string) => {
    const key = `consumption.remark_${kind}`;
    return is_message_key(key) ? t(key as 'consumption.remark_gap') : kind;
  };
  return (
    <>
      <dl className="facts">
        <Fact label={t('consumption.column_amount')}>
          <Amount text={figure.amount} unit={unit} />
        </Fact>
        <Fact label={t('consumption.column_status')}>
          <Status status={figure.status} />
          {figure.reason && <span className="faint"> {figure.reason}</span>}
        </Fact>
        <Fact label={t('consumption.start')}>
          <Value value={figure.start} unit={unit} time_zone={time_zone} />
        </Fact>
        <Fact label={t('consumption.end')}>
          <Value value={figure.end} unit={unit} time_zone={time_zone} />
        </Fact>
        <Fact label={t('consumption.column_estimated')}>
          <Amount text={figure.estimated} unit={unit} />
        </Fact>
        <Fact label={t('consumption.corrected')}>
          <Amount text={figure.corrected} unit={unit} />
        </Fact>
        <Fact label={t('consumption.over_gaps')}>
          <Amount text={figure.over_gaps} unit={unit} />
        </Fact>
      </dl>
      <h3>{t('consumption.remarks')}</h3>
      {figure.remarks.length === 0 && <p className="faint">{t('consumption.no_remarks')}</p>}
      <ul className="consumption-remarks">
        {figure.remarks.map((remark) => (
          <li key={`${remark.kind} ${remark.from} ${remark.to}`} className={remark.doubt ? 'is-doubt' : ''}>
            <strong>{kind_text(remark.kind)}</strong> <TimeText time={remark.from} time_zone={time_zone} /> –{' '}
            <TimeText time={remark.to} time_zone={time_zone} /> · <Amount text={remark.amount} unit={unit} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Table({
  data,
  point,
  on_show,
  is_stale,
}: {
  data: PointConsumption;
  point: number;
  on_show: (bucket: ConsumptionBucket) => void;
  is_stale: boolean;
}) {
  const { t } = useLanguage();
  return (
    <DataTable
      caption={t('consumption.caption')}
      rows={data.buckets}
      row_key={({ label }) => label}
      is_stale={is_stale}
      columns={[
        {
          key: 'period',
          header: t('consumption.column_period'),
          is_title: true,
          cell: ({ label }) => <span className="number">{label}</span>,
        },
        {
          key: 'amount',
          header: t('consumption.column_amount'),
          align: 'end',
          is_corner: true,
          cell: (bucket) => (
            <button
              type="button"
              className="button button-quiet"
              aria-label={`${amount_text(bucket.amount, data.unit)} ${t('consumption.evidence_of', { label: bucket.label })}`.trim()}
              onClick={() => on_show(bucket)}
            >
              <Amount text={bucket.amount} unit={data.unit} />
            </button>
          ),
        },
        {
          key: 'estimated',
          header: t('consumption.column_estimated'),
          align: 'end',
          cell: ({ estimated }) => <Amount text={estimated} unit={data.unit} />,
        },
        { key: 'status', header: t('consumption.column_status'), cell: ({ status }) => <Status status={status} /> },
        {
          key: 'way',
          header: t('figure.column_way'),
          cell: (bucket) => <FigureLink to={point_path(point, data.register, bucket.from, bucket.to)} name={bucket.label} />,
        },
      ]}
    />
  );
}

/** What the point consumed, by day or month. */
export function ConsumptionPanel({ point }: { point: PointDetail }) {
  const { t } = useLanguage();
  const today = civil_date(server_now_ms(), point.time_zone);
  const [from, setFrom] = useState(iso_date(normal_date(today.year, today.month, today.day - 6)));
  const [to, setTo] = useState(iso_date(today));
  const [by, setBy] = useState<'day' | 'month'>('day');
  const names = [...new Set(point.chain.flatMap(({ registers }) => registers.map(({ name }) => name)))];
  const [register, setRegister] = useState(names.at(-1) ?? '');
  const [shown, setShown] = useState<{ label: string; figure: Consumption } | null>(null);
  const used = useQuery({ ...queries.consumption(point.id, from, to, by, register), enabled: register !== '' });
  const day = (label: string, value: string, set: (value: string) => void) => (
    <Field label={label}>
      {(attributes) => (
        <input
          {...attributes}
          type="date"
          className="field-input"
          required
          value={value}
          onChange={({ target }) => target.value && set(target.value)}
        />
      )}
    </Field>
  );
  return (
    <Panel title={t('consumption.title')} note={point.time_zone}>
      <div className="consumption-controls">
        {names.length > 1 && (
          <Choice
            label={t('points.register')}
            value={register}
            options={names.map((name) => ({ value: name, label: register_label(name, t) }))}
            on_change={(value) => value && setRegister(value)}
          />
        )}
        <Choice
          label={t('consumption.column_period')}
          value={by}
          options={[
            { value: 'day', label: t('consumption.by_day') },
            { value: 'month', label: t('consumption.by_month') },
          ]}
          on_change={(value) => value && setBy(value)}
        />
        {day(t('consumption.from'), from, setFrom)}
        {day(t('consumption.to'), to, setTo)}
      </div>
      {used.isPending && <Skeleton rows={6} height={24} />}
      {used.isError && <ProblemView error={used.error} on_retry={() => void used.refetch()} />}
      {used.data && (
        <>
          <p className="consumption-total">
            {t('consumption.total')}{' '}
            <button
              type="button"
              className="button button-quiet"
              aria-label={`${amount_text(used.data.total.amount, used.data.unit)} ${t('consumption.evidence_of', { label: t('consumption.total') })}`.trim()}
              onClick={() => setShown({ label: t('consumption.total'), figure: used.data.total })}
            >
              <Amount text={used.data.total.amount} unit={used.data.unit} />
            </button>{' '}
            <Status status={used.data.total.status} />
          </p>
          {used.data.unread_links.length > 0 && (
            <p role="status">{t('consumption.unread', { count: used.data.unread_links.length })}</p>
          )}
          {used.data.buckets.length === 0 ? (
            <Empty title={t('consumption.empty')} />
          ) : (
            <Table
              data={used.data}
              point={point.id}
              is_stale={used.isPlaceholderData}
              on_show={(bucket) => setShown({ label: bucket.label, figure: bucket })}
            />
          )}
          {shown && (
            <Dialog title={t('consumption.evidence_of', { label: shown.label })} on_close={() => setShown(null)}>
              <Evidence figure={shown.figure} unit={used.data.unit} time_zone={point.time_zone} />
            </Dialog>
          )}
        </>
      )}
      <VersionGate time_zone={point.time_zone} />
    </Panel>
  );
}
