import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { queries } from '../../api/queries.ts';
import { useServerNow } from '../../api/server_clock.ts';
import type { Gateway } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty, PageHeader, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Age } from '../../components/time_text.tsx';
import { duration_text } from '../../format/age.ts';
import { useLanguage } from '../../i18n/index.tsx';

const clock_offset_ms_max = 2_000;
const certificate_warning_ms = 14 * 86_400_000;

function Connection({ gateway }: { gateway: Gateway }) {
  const { t } = useLanguage();
  // One that was never enrolled cannot be missing.
  if (gateway.state === 'created') return <span className="faint">–</span>;
  return (
    <span className={gateway.connected ? 'mark mark-ok' : 'mark mark-failed'}>
      {t(gateway.connected ? 'gateways.connected' : 'gateways.disconnected')}
    </span>
  );
}

function Certificate({ expires }: { expires: string | null }) {
  const { t, language } = useLanguage();
  const now_ms = useServerNow();
  if (expires === null) return <span className="faint">–</span>;
  const left_ms = Date.parse(expires) - now_ms;
  const text = left_ms <= 0 ? t('gateways.expired') : t('gateways.expires_in', { age: duration_text(left_ms, language) });
  return (
    <time className={left_ms < certificate_warning_ms ? 'number stale' : 'number'} dateTime={expires} title={expires}>
      {text}
    </time>
  );
}

function useColumns(): Column<Gateway>[] {
  const { t, language } = useLanguage();
  const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const none = <span className="faint">–</span>;
  return [
    {
      key: 'name',
      header: t('gateways.column_name'),
      is_title: true,
      cell: ({ id, name }) => <Link to={`/gateways/${id}`}>{name}</Link>,
    },
    {
      key: 'connection',
      header: t('gateways.column_connection'),
      is_corner: true,
      cell: (gateway) => <Connection gateway={gateway} />,
    },
    { key: 'state', header: t('gateways.column_state'), cell: ({ state }) => t(`gateways.state_${state}`) },
    {
      key: 'devices',
      header: t('gateways.column_devices'),
      align: 'end',
      cell: ({ devices }) => <span className="number">{numbers.format(devices)}</span>,
    },
    {
      key: 'last_batch',
      header: t('gateways.column_last_batch'),
      align: 'end',
      cell: ({ last_batch_at }) => <Age time={last_batch_at} stale_ms={60_000} />,
    },
    {
      key: 'clock',
      header: t('gateways.column_clock'),
      align: 'end',
      cell: ({ clock_offset_ms }) =>
        clock_offset_ms === null ? (
          none
        ) : (
          <span className={Math.abs(clock_offset_ms) > clock_offset_ms_max ? 'number stale' : 'number'}>
            {t('gateways.milliseconds', { count: clock_offset_ms })}
          </span>
        ),
    },
    {
      key: 'spool',
      header: t('gateways.column_spool'),
      align: 'end',
      cell: ({ spooled_batches }) =>
        spooled_batches === null ? none : <span className="number">{numbers.format(spooled_batches)}</span>,
    },
    {
      key: 'autonomy',
      header: t('gateways.column_autonomy'),
      align: 'end',
      cell: ({ autonomy_hours }) =>
        autonomy_hours === null ? (
          <span className="faint">{t('gateways.autonomy_unknown')}</span>
        ) : (
          <span className="number">{duration_text(autonomy_hours * 3_600_000, language)}</span>
        ),
    },
    {
      key: 'certificate',
      header: t('gateways.column_certificate'),
      align: 'end',
      cell: ({ certificate_expires }) => <Certificate expires={certificate_expires} />,
    },
  ];
}

export default function GatewaysPage() {
  const { t } = useLanguage();
  const gateways = useQuery({ ...queries.gateways(), refetchInterval: 5_000 });
  const columns = useColumns();
  const rows = gateways.data?.gateways ?? [];
  return (
    <>
      <PageHeader title={t('gateways.title')} note={gateways.data && t('common.total', { count: rows.length })} />
      {gateways.isError && <ProblemView error={gateways.error} on_retry={() => void gateways.refetch()} />}
      {gateways.isPending && <Skeleton rows={4} height={30} />}
      {gateways.data && rows.length === 0 && <Empty title={t('gateways.empty')} hint={t('gateways.empty_hint')} />}
      {rows.length > 0 && (
        <DataTable caption={t('gateways.table_caption')} columns={columns} rows={rows} row_key={({ id }) => id} />
      )}
    </>
  );
}
