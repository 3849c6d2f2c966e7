import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { ApiError } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Icon } from '../../components/icons.tsx';
import { Empty, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { useSession } from '../session/session.tsx';
import NotFoundPage from '../shell/not_found_page.tsx';
import { LastSum } from './last_sum.tsx';
import './processing.css';
import { processing_queries, type Sum } from './processing_api.ts';
import { StateMark } from './state_mark.tsx';
import { SumForm } from './sum_form.tsx';

function Sums({ rows }: { rows: readonly Sum[] }) {
  const { t } = useLanguage();
  const columns: Column<Sum>[] = [
    {
      key: 'uid',
      header: t('sums.uid'),
      is_title: true,
      cell: (sum) => (
        <Link className="mono" to={`/gateways/${sum.gateway_id}/sums/${sum.id}`}>
          {sum.uid}
        </Link>
      ),
    },
    { key: 'register', header: t('sums.register'), cell: ({ register }) => register_label(register, t) },
    {
      key: 'members',
      header: t('sums.members'),
      cell: ({ members, channel }) => (
        <>
          <span className="number">{members}</span>
          {channel && ` + ${t('sums.all_on', { channel })}`}
        </>
      ),
    },
    {
      key: 'interval',
      header: t('sums.interval'),
      align: 'end',
      cell: ({ interval_s }) => <span className="number">{interval_s} s</span>,
    },
    { key: 'state', header: t('processing.state'), cell: ({ state, problem }) => <StateMark state={state} problem={problem} /> },
    { key: 'last', header: t('sums.last'), cell: (sum) => <LastSum sum={sum} /> },
  ];
  return <DataTable caption={t('sums.title')} columns={columns} rows={rows} row_key={({ id }) => id} />;
}

function SumsView({ gateway_id }: { gateway_id: number }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const session = useSession();
  const [page, setPage] = useState(1);
  const [is_adding, setAdding] = useState(false);
  const sums = useQuery(processing_queries.sums(gateway_id, page));
  const plan = useQuery(queries.gateway_plan(gateway_id));
  if (sums.error instanceof ApiError && sums.error.status === 404) return <NotFoundPage />;
  const may_change = session.data !== null && session.data?.role !== 'viewer';
  return (
    <>
      <Link className="back-link" to={`/gateways/${gateway_id}`}>
        <Icon name="left" size={13} /> {plan.data?.gateway.name ?? t('gateways.title')}
      </Link>
      <PageHeader title={t('sums.title')} />
      <Panel
        title={t('sums.list')}
        note={t('sums.note')}
        actions={
          may_change && (
            <button type="button" className="button button-small" onClick={() => setAdding(true)}>
              {t('sums.add')}
            </button>
          )
        }
      >
        {sums.isError && <ProblemView error={sums.error} on_retry={() => void sums.refetch()} />}
        {sums.isPending && <Skeleton rows={4} height={26} />}
        {sums.data?.total === 0 && <Empty title={t('sums.none')} hint={t('sums.none_hint')} />}
        {sums.data && sums.data.total > 0 && <Sums rows={sums.data.sums} />}
        {sums.data && <Pager page={page} pages={Math.ceil(sums.data.total / sums.data.page_size)} on_change={setPage} />}
      </Panel>
      {is_adding && (
        <Dialog title={t('sums.add')} on_close={() => setAdding(false)}>
          <SumForm
            gateway_id={gateway_id}
            sum={undefined}
            first_members={[]}
            on_done={({ sum }) => navigate(`/gateways/${gateway_id}/sums/${sum.id}`)}
          />
        </Dialog>
      )}
    </>
  );
}

export default function SumsPage() {
  const { gateway_id = '' } = useParams();
  if (!/^\d{1,15}$/.test(gateway_id)) return <NotFoundPage />;
  return <SumsView key={gateway_id} gateway_id={Number(gateway_id)} />;
}
