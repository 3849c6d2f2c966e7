import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { ApiError } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { SamplingResult, SamplingResults } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Icon } from '../../components/icons.tsx';
import { Fact, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import NotFoundPage from '../shell/not_found_page.tsx';
import './orders.css';
import { seconds_text } from './sampling_panel.tsx';

const page_size = 50;
const states = ['in_force', 'pending', 'refused', 'superseded'] as const;
const marks = { in_force: 'mark-ok', pending: 'mark-degraded', refused: 'mark-failed', superseded: 'mark-unknown' } as const;

function Results({ found }: { found: SamplingResults }) {
  const { t } = useLanguage();
  const columns: Column<SamplingResult>[] = [
    {
      key: 'device',
      header: t('sampling.column_devices'),
      is_title: true,
      cell: ({ device }) => <Link to={`/devices/${device.id}/control`}>{device.name || device.uid}</Link>,
    },
    {
      key: 'state',
      header: t('sampling.column_state'),
      is_corner: true,
      cell: ({ state }) => <span className={`mark ${marks[state]}`}>{t(`sampling_state.${state}`)}</span>,
    },
    { key: 'detail', header: t('sampling.column_detail'), cell: ({ detail }) => detail },
  ];
  return <DataTable caption={t('sampling.changes')} columns={columns} rows={found.results} row_key={({ device }) => device.id} />;
}

function ChangeView({ id }: { id: number }) {
  const { t } = useLanguage();
  const [page, setPage] = useState(1);
  const found = useQuery({ ...queries.sampling_change(id, page), refetchInterval: 3_000 });
  if (found.error instanceof ApiError && found.error.status === 404) return <NotFoundPage />;
  const change = found.data?.change;
  return (
    <>
      <Link className="back-link" to="/jobs/sampling">
        <Icon name="left" size={13} /> {t('sampling.changes')}
      </Link>
      <PageHeader title={change ? [change.group, change.register].filter(Boolean).join(' · ') : ''} />
      {found.isError && <ProblemView error={found.error} on_retry={() => void found.refetch()} />}
      {found.isPending && <Skeleton rows={6} height={30} />}
      {found.data && change && (
        <>
          <dl className="facts identity">
            <Fact label={t('sampling.column_period')}>
              {change.interval_ms === 0 ? t('sampling.by_model') : seconds_text(change.interval_ms)}
            </Fact>
            <Fact label={t('sampling.column_who')}>{change.created_by}</Fact>
            <Fact label={t('sampling.column_when')}>
              <TimeText time={change.created_at} />
            </Fact>
            {change.reason && <Fact label={t('sampling.reason')}>{change.reason}</Fact>}
            {states.map((state) => (
              <Fact key={state} label={t(`sampling_state.${state}`)}>
                <span className="number">{found.data.counts[state]}</span>
              </Fact>
            ))}
          </dl>
          <Panel title={t('sampling.column_state')}>
            <Results found={found.data} />
            <Pager page={page} pages={Math.ceil(found.data.total / page_size)} on_change={setPage} />
          </Panel>
        </>
      )}
    </>
  );
}

export default function SamplingChangePage() {
  const { change_id = '' } = useParams();
  if (!/^\d{1,15}$/.test(change_id)) return <NotFoundPage />;
  return <ChangeView key={change_id} id={Number(change_id)} />;
}
