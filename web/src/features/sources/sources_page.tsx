import { useQuery } from '@tanstack/react-query';
import { queries } from '../../api/queries.ts';
import { DataTable } from '../../components/data_table.tsx';
import { Empty, PageHeader, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Age, TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';

export default function SourcesPage() {
  const { t } = useLanguage();
  const sources = useQuery({ ...queries.sources(), refetchInterval: 10_000 });
  const rows = sources.data?.sources ?? [];
  return (
    <>
      <PageHeader title={t('sources.title')} note={sources.data && t('common.total', { count: rows.length })} />
      {rows.length > 0 && <p className="page-text">{t('sources.explain')}</p>}
      {sources.isError && <ProblemView error={sources.error} on_retry={() => void sources.refetch()} />}
      {sources.isPending && <Skeleton rows={4} height={30} />}
      {sources.data && rows.length === 0 && <Empty title={t('sources.empty')} hint={t('sources.empty_hint')} />}
      {rows.length > 0 && (
        <DataTable
          caption={t('sources.table_caption')}
          rows={rows}
          row_key={({ id }) => id}
          columns={[
            {
              key: 'uid',
              header: t('sources.column_uid'),
              is_title: true,
              cell: ({ device_uid }) => <span className="mono">{device_uid}</span>,
            },
            { key: 'gateway', header: t('sources.column_gateway'), cell: ({ gateway }) => gateway.name },
            { key: 'first', header: t('sources.column_first'), cell: ({ first_heard_at }) => <TimeText time={first_heard_at} /> },
            {
              key: 'last',
              header: t('sources.column_last'),
              align: 'end',
              cell: ({ last_heard_at }) => <Age time={last_heard_at} />,
            },
          ]}
        />
      )}
    </>
  );
}
