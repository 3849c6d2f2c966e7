import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, file_urls } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { Export } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Progress } from '../../components/progress.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { size_text } from './size_text.ts';

const is_busy = ({ state }: Export) => state === 'queued' || state === 'running';

function State({ one }: { one: Export }) {
  const { t } = useLanguage();
  return (
    <div className="export-state">
      <span>{t(`exports.state_${one.state}`)}</span>
      {one.state === 'running' && (
        <Progress label={t('exports.state_running')} done={one.series_done} total={Math.max(one.series, 1)} />
      )}
      {one.reason && <span className="is-fault">{one.reason}</span>}
      {one.expires_at && one.state === 'done' && (
        <span className="faint">
          {t('exports.until')} <TimeText time={one.expires_at} />
        </span>
      )}
    </div>
  );
}

function Actions({ one }: { one: Export }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => api.cancel_export(one.id),
    onSettled: () => client.invalidateQueries({ queryKey: queries.exports().queryKey }),
  });
  return (
    <div className="export-actions">
      {one.state === 'done' && (
        <a className="button button-small button-main" href={file_urls.export_file(one.id)} download>
          {t('exports.download')}
        </a>
      )}
      {(is_busy(one) || one.state === 'done') && (
        <button type="button" className="button button-small" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
          {t(one.state === 'done' ? 'exports.delete' : 'exports.cancel')}
        </button>
      )}
      {cancel.isError && <ProblemView error={cancel.error} />}
    </div>
  );
}

function Name({ one }: { one: Export }) {
  const { t } = useLanguage();
  return (
    <div>
      <strong>{one.name || t('exports.untitled', { id: one.id })}</strong>{' '}
      <span className="faint">
        {t(`exports.by_${one.by}`)} · {t(`exports.format_${one.format}`)}
      </span>
      {one.by === 'audit' ? (
        <div className="faint">
          <TimeText time={one.from} /> – <TimeText time={one.to} />
        </div>
      ) : (
        <div className="faint">{t('exports.what', { devices: one.devices, series: one.series })}</div>
      )}
      {one.sha256 && (
        <div className="faint export-digest" title={t('exports.downloads', { count: one.downloads })}>
          {t('exports.sha256')} <span className="mono">{one.sha256}</span>
        </div>
      )}
    </div>
  );
}

/** One's own exports, as far as they are. */
export default function ExportListPart() {
  const { t, language } = useLanguage();
  const exports = useQuery({
    ...queries.exports(),
    refetchInterval: ({ state }) => (state.data?.exports.some(is_busy) ? 1_000 : 15_000),
  });
  if (exports.isPending) return <Skeleton rows={6} height={30} />;
  if (exports.isError) return <ProblemView error={exports.error} on_retry={() => void exports.refetch()} />;
  if (exports.data.exports.length === 0) {
    return (
      <Empty title={t('exports.empty')} hint={t('exports.empty_hint')}>
        <Link className="button button-main" to="/exports/new">
          {t('exports.new')}
        </Link>
      </Empty>
    );
  }
  const columns: Column<Export>[] = [
    { key: 'name', header: t('exports.column_name'), is_title: true, cell: (one) => <Name one={one} /> },
    { key: 'state', header: t('exports.column_state'), cell: (one) => <State one={one} /> },
    {
      key: 'rows',
      header: t('exports.column_rows'),
      align: 'end',
      cell: ({ rows }) => <span className="number">{new Intl.NumberFormat(language).format(rows)}</span>,
    },
    {
      key: 'size',
      header: t('exports.column_size'),
      align: 'end',
      cell: ({ size_bytes }) => <span className="number">{size_text(size_bytes, language)}</span>,
    },
    {
      key: 'created',
      header: t('exports.column_created'),
      align: 'end',
      cell: ({ created_at }) => <TimeText time={created_at} />,
    },
    { key: 'action', header: t('exports.column_action'), align: 'end', cell: (one) => <Actions one={one} /> },
  ];
  return <DataTable caption={t('exports.list')} columns={columns} rows={exports.data.exports} row_key={({ id }) => id} />;
}
