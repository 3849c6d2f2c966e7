import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import { server_now_ms } from '../../api/server_clock.ts';
import type { CompletenessTable, MissingCause, MissingDevice, MissingList, Readiness } from '../../api/types.ts';
import { DataTable } from '../../components/data_table.tsx';
import { Field, SelectField, TextField } from '../../components/field.tsx';
import { Empty, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { parse_iso_date } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';
import '../aggregates/aggregates.css';
import { csv_text, save_csv } from '../aggregates/csv.ts';
import { DayRange, day_ago } from '../aggregates/day_range.tsx';

const usual_register = 'energy_active_import_total';
const known_registers = [usual_register, 'energy_active_export_total', 'voltage_a', 'volume_total', 'energy_heat_total'];
const groupings = ['none', 'organisation', 'site', 'gateway', 'protocol', 'model'] as const;
type Grouping = (typeof groupings)[number];
const causes = ['link', 'collector', 'meter', 'key', 'plan'] as const satisfies readonly MissingCause[];
const zone = 'Asia/Shanghai';

interface Asked {
  register: string;
  from: string;
  to: string;
  group: Grouping;
  day: string;
  cause: MissingCause | '';
  page: number;
}

/** The question stands in the address, so that it can be sent to somebody. */
function read_question(parameters: URLSearchParams, now_ms: number): Asked {
  const day = (name: string, fallback: string) => {
    const text = parameters.get(name);
    return text !== null && parse_iso_date(text) ? text : fallback;
  };
  const yesterday = day_ago(1, now_ms, zone);
  return {
    register: parameters.get('register') || usual_register,
    from: day('from', day_ago(7, now_ms, zone)),
    to: day('to', yesterday),
    group: groupings.find((one) => one === parameters.get('group')) ?? 'none',
    day: day('day', day('to', yesterday)),
    cause: causes.find((one) => one === parameters.get('cause')) ?? '',
    page: Math.max(1, Number(parameters.get('page')) || 1),
  };
}

type Row = CompletenessTable['rows'][number];
const row_name = ({ day, group }: Row) => `${day} ${group?.id ?? ''} ${group?.name ?? ''}`;

function table_csv(data: CompletenessTable): string {
  return csv_text(
    ['day', 'group', 'devices', 'devices_with_values', 'devices_whole', 'slots_expected', 'slots_present', 'device_rate'].concat([
      'slot_rate',
    ]),
    data.rows.map((row) => [
      row.day,
      row.group?.name ?? null,
      row.devices,
      row.devices_with_values,
      row.devices_whole,
      row.slots_expected,
      row.slots_present,
      row.device_rate,
      row.slot_rate,
    ]),
  );
}

function Rate({ rate }: { rate: string | null }) {
  if (rate === null) return <>–</>;
  return (
    <>
      <span className="number">{rate}</span>
      <span className="unit">%</span>
      <span className="share" aria-hidden="true" style={{ width: `${rate}%` }} />
    </>
  );
}

function Days({ data, grouping }: { data: CompletenessTable; grouping: Grouping }) {
  const { t } = useLanguage();
  const total: Row = { ...data.total, day: t('completeness.total'), group: null };
  return (
    <DataTable
      caption={t('completeness.caption')}
      rows={[total, ...[...data.rows].reverse()]}
      row_key={row_name}
      columns={[
        { key: 'day', header: t('completeness.day'), is_title: true, cell: ({ day }) => <span className="number">{day}</span> },
        ...(grouping === 'none'
          ? []
          : [
              {
                key: 'group',
                header: t(`completeness.group_${grouping}`),
                cell: ({ group, day }: Row) => group?.name ?? (day === total.day ? '' : t('fleet.none')),
              },
            ]),
        {
          key: 'slot_rate',
          header: t('completeness.column_slot_rate'),
          align: 'end' as const,
          is_corner: true,
          cell: ({ slot_rate }: Row) => <Rate rate={slot_rate} />,
        },
        {
          key: 'slots',
          header: t('completeness.column_slots'),
          align: 'end' as const,
          cell: (row: Row) => <span className="number">{`${row.slots_present} / ${row.slots_expected}`}</span>,
        },
        {
          key: 'device_rate',
          header: t('completeness.column_device_rate'),
          align: 'end' as const,
          cell: ({ device_rate }: Row) => <Rate rate={device_rate} />,
        },
        {
          key: 'devices',
          header: t('completeness.column_devices'),
          align: 'end' as const,
          cell: (row: Row) => <span className="number">{`${row.devices_with_values} / ${row.devices}`}</span>,
        },
        {
          key: 'whole',
          header: t('completeness.column_whole'),
          align: 'end' as const,
          cell: (row: Row) => <span className="number">{row.devices_whole}</span>,
        },
      ]}
    />
  );
}

/** "0:07:15" after the day's end; before it when negative. */
export function delay_text(seconds: number): string {
  const part = Math.abs(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${seconds < 0 ? '-' : '+'}${Math.floor(part / 3_600)}:${two(Math.floor(part / 60) % 60)}:${two(part % 60)}`;
}

function Ready({ data }: { data: Readiness }) {
  const { t } = useLanguage();
  const delay = (seconds: number | null) =>
    seconds === null ? (
      <span className="faint">{t('completeness.not_ready')}</span>
    ) : (
      <span className="number">{delay_text(seconds)}</span>
    );
  return (
    <DataTable
      caption={t('completeness.readiness')}
      rows={[...data.rows].reverse()}
      row_key={({ day }) => day}
      columns={[
        { key: 'day', header: t('completeness.day'), is_title: true, cell: ({ day }) => <span className="number">{day}</span> },
        {
          key: 'ready',
          header: t('completeness.column_ready'),
          align: 'end',
          is_corner: true,
          cell: (row) => <span className="number">{`${row.devices_ready} / ${row.devices_expected}`}</span>,
        },
        { key: '99', header: t('completeness.column_99'), align: 'end', cell: (row) => delay(row.ready_99_after_s) },
        { key: '100', header: t('completeness.column_100'), align: 'end', cell: (row) => delay(row.ready_100_after_s) },
      ]}
    />
  );
}

function Reread({ asked }: { asked: Asked }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const reread = useMutation({
    mutationFn: () => api.reread_missing({ register: asked.register, day: asked.day, cause: asked.cause || null }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['jobs'] }),
  });
  const made = reread.data?.jobs ?? [];
  const devices = made.reduce((sum, job) => sum + job.devices, 0);
  return (
    <div>
      <button
        type="button"
        className="button button-main"
        disabled={reread.isPending}
        title={t('completeness.reread_note')}
        onClick={() => reread.mutate()}
      >
        {t('completeness.reread')}
      </button>
      {reread.isError && <ProblemView error={reread.error} />}
      {reread.data && (
        <p role="status">
          {made.length > 0 ? t('completeness.reread_done', { jobs: made.length, devices }) : t('completeness.reread_nothing')}
          {made.map(({ job }) => (
            <span key={job}>
              {' · '}
              <Link to={`/jobs/${job}`}>{t('completeness.open_job', { job })}</Link>
            </span>
          ))}
          {reread.data.devices_without_history > 0 &&
            ` · ${t('completeness.reread_left', { count: reread.data.devices_without_history })}`}
        </p>
      )}
    </div>
  );
}

function Missing({ data, on_page }: { data: MissingList; on_page: (page: number) => void }) {
  const { t } = useLanguage();
  if (data.missing.length === 0) return <Empty title={t('completeness.nothing_missing')} />;
  return (
    <>
      <DataTable
        caption={t('completeness.missing')}
        rows={data.missing}
        row_key={({ device }) => device.id}
        columns={[
          {
            key: 'device',
            header: t('fleet.column_device'),
            is_title: true,
            cell: ({ device }) => <Link to={`/devices/${device.id}`}>{device.name}</Link>,
          },
          {
            key: 'cause',
            header: t('completeness.cause'),
            cell: ({ cause, detail, known_then }: MissingDevice) => (
              <>
                {t(`completeness.cause_${cause}`)} <span className="faint">{t(`completeness.detail_${detail}`)}</span>
                {known_then && <span className="faint small"> · {t('completeness.known_then')}</span>}
              </>
            ),
          },
          {
            key: 'missing',
            header: t('completeness.column_missing'),
            align: 'end',
            is_corner: true,
            cell: (row) => <span className="number">{`${row.slots_expected - row.slots_present} / ${row.slots_expected}`}</span>,
          },
          {
            key: 'heard',
            header: t('completeness.column_heard'),
            cell: ({ heard_at }) =>
              heard_at ? (
                <TimeText time={heard_at} time_zone={data.time_zone} />
              ) : (
                <span className="faint">{t('completeness.never_heard')}</span>
              ),
          },
          {
            key: 'gateway',
            header: t('completeness.group_gateway'),
            cell: ({ gateway }) => (gateway ? <Link to={`/gateways/${gateway.id}`}>{gateway.name}</Link> : '–'),
          },
          { key: 'model', header: t('completeness.group_model'), is_minor: true, cell: ({ model }) => model },
        ]}
      />
      <Pager page={data.page} pages={Math.ceil(data.total / data.page_size)} on_change={on_page} />
    </>
  );
}

function MissingPanel({ asked, change }: { asked: Asked; change: (wanted: Partial<Asked>) => void }) {
  const { t } = useLanguage();
  const missing = useQuery(queries.missing(asked.register, asked.day, asked.cause, asked.page));
  const counts = missing.data?.causes;
  const all = counts ? causes.reduce((sum, cause) => sum + counts[cause], 0) : 0;
  return (
    <Panel title={t('completeness.missing')} note={t('completeness.missing_note')}>
      <div className="aggregate-controls">
        <Field label={t('completeness.day')}>
          {(attributes) => (
            <input
              {...attributes}
              type="date"
              className="field-input"
              required
              value={asked.day}
              onChange={({ target }) => target.value && change({ day: target.value, page: 1 })}
            />
          )}
        </Field>
        <SelectField
          label={t('completeness.cause')}
          value={asked.cause || 'any'}
          options={[
            { value: 'any', label: t('completeness.any_cause', { count: all }) },
            ...causes.map((cause) => ({
              value: cause,
              label: t('completeness.cause_count', { cause: t(`completeness.cause_${cause}`), count: counts?.[cause] ?? 0 }),
            })),
          ]}
          on_change={(value) => change({ cause: causes.find((one) => one === value) ?? '', page: 1 })}
        />
        {missing.data?.may_reread && missing.data.total > 0 && (
          <Reread key={`${asked.register} ${asked.day} ${asked.cause}`} asked={asked} />
        )}
      </div>
      {missing.isPending && <Skeleton rows={6} height={24} />}
      {missing.isError && <ProblemView error={missing.error} on_retry={() => void missing.refetch()} />}
      {missing.data && <Missing data={missing.data} on_page={(page) => change({ page })} />}
    </Panel>
  );
}

/** Whether everything came, what is missing and why, and when days were ready. */
export default function CompletenessPage() {
  const { t } = useLanguage();
  const [parameters, setParameters] = useSearchParams();
  const asked = read_question(parameters, server_now_ms());
  const { register, from, to, group } = asked;
  const table = useQuery(queries.completeness_table(register, from, to, group));
  const readiness = useQuery(queries.readiness(register, from, to));
  const change = (wanted: Partial<Asked>) => {
    const next = { ...asked, ...wanted };
    setParameters({ ...next, page: String(next.page) }, { replace: true, preventScrollReset: true });
  };
  return (
    <>
      <PageHeader title={t('completeness.title')} note={t('completeness.note')} />
      <div className="aggregate-controls">
        <TextField
          label={t('aggregates.register')}
          value={register}
          suggestions={known_registers}
          length_max={100}
          is_mono
          on_change={(value) => change({ register: value.trim(), page: 1 })}
        />
        <DayRange from={from} to={to} on_change={change} />
        <SelectField
          label={t('fleet.column_group')}
          value={group}
          options={groupings.map((one) => ({ value: one, label: t(`completeness.group_${one}`) }))}
          on_change={(value) => value && change({ group: value })}
        />
      </div>
      <Panel
        title={t('completeness.caption')}
        note={table.data?.time_zone}
        actions={
          table.data &&
          table.data.rows.length > 0 && (
            <button
              type="button"
              className="button"
              onClick={() => save_csv(`completeness-${register}-${from}-${to}.csv`, table_csv(table.data))}
            >
              {t('aggregates.csv')}
            </button>
          )
        }
      >
        {table.isPending && <Skeleton rows={6} height={24} />}
        {table.isError && <ProblemView error={table.error} on_retry={() => void table.refetch()} />}
        {table.data && table.data.rows.length === 0 && (
          <Empty title={t('completeness.empty')} hint={t('completeness.empty_hint')} />
        )}
        {table.data && table.data.rows.length > 0 && <Days data={table.data} grouping={group} />}
      </Panel>
      <MissingPanel asked={asked} change={change} />
      <Panel title={t('completeness.readiness')} note={t('completeness.readiness_note')}>
        {readiness.isPending && <Skeleton rows={4} height={24} />}
        {readiness.isError && <ProblemView error={readiness.error} on_retry={() => void readiness.refetch()} />}
        {readiness.data && <Ready data={readiness.data} />}
      </Panel>
    </>
  );
}
