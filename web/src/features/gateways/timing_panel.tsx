import { useQuery } from '@tanstack/react-query';
import { queries } from '../../api/queries.ts';
import type { GatewayTiming } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import './timing_panel.css';

type ChannelTiming = GatewayTiming['channels'][number];

/** Twice the period fills the bar: what is later has been missed. */
const full_per_mille = 2_000;

const ratio = (per_mille: number) => (per_mille / 1_000).toFixed(3);

/** Where the shares of all intervals lie between none and twice the period; the line in the middle is the period. */
function Spread({ timing }: { timing: ChannelTiming }) {
  const place = (per_mille: number) => Math.min(100, (per_mille / full_per_mille) * 100);
  const marks = [
    ['p50', timing.p50_per_mille],
    ['p95', timing.p95_per_mille],
    ['p99', timing.p99_per_mille],
    ['max', timing.max_per_mille],
  ] as const;
  const first = place(timing.p50_per_mille);
  return (
    <svg className="timing-spread" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <rect className="timing-ground" x="0" y="5" width="100" height="2" />
      <rect
        className="timing-bulk"
        x={Math.min(50, first)}
        y="3"
        width={Math.max(0.8, place(timing.p99_per_mille) - Math.min(50, first))}
        height="6"
      />
      <rect className="timing-period" x="49.8" y="0" width="0.4" height="12" />
      {marks.map(([name, per_mille]) => (
        <rect key={name} className={`timing-${name}`} x={Math.min(99.2, place(per_mille))} y="1" width="0.8" height="10" />
      ))}
    </svg>
  );
}

/** How far apart the readings of each channel are, against the periods they are to be read at. */
export function TimingPanel({ gateway_id }: { gateway_id: number }) {
  const { t } = useLanguage();
  const timing = useQuery({ ...queries.gateway_timing(gateway_id), refetchInterval: 10_000 });
  const figure = (key: string, header: string, of: (row: ChannelTiming) => string): Column<ChannelTiming> => ({
    key,
    header,
    align: 'end',
    cell: (row) => <span className="number">{of(row)}</span>,
  });
  const columns: Column<ChannelTiming>[] = [
    { key: 'channel', header: t('onboarding.channel_name'), is_title: true, cell: ({ channel }) => channel },
    figure('samples', t('sampling.column_samples'), ({ samples }) => String(samples)),
    figure('p50', 'p50', (row) => ratio(row.p50_per_mille)),
    figure('p95', 'p95', (row) => ratio(row.p95_per_mille)),
    figure('p99', 'p99', (row) => ratio(row.p99_per_mille)),
    figure('max', t('timing.most'), (row) => ratio(row.max_per_mille)),
    figure('missed', t('sampling.column_missed'), ({ missed }) => String(missed)),
    { key: 'spread', header: t('timing.spread'), cell: (row) => <Spread timing={row} /> },
  ];
  return (
    <Panel title={t('timing.title')} note={t('timing.note')} className="timing-panel">
      {timing.isError && <ProblemView error={timing.error} on_retry={() => void timing.refetch()} />}
      {timing.isPending && <Skeleton rows={3} height={26} />}
      {timing.data?.channels.length === 0 && <Empty title={t('sampling.none_timed')} hint={t('timing.none_hint')} />}
      {timing.data && timing.data.channels.length > 0 && (
        <DataTable caption={t('timing.title')} columns={columns} rows={timing.data.channels} row_key={({ channel }) => channel} />
      )}
    </Panel>
  );
}
