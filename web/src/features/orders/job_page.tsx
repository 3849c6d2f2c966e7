import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';
import { ApiError, api, file_urls } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { Job, Order, OrderState } from '../../api/types.ts';
import { Choice } from '../../components/choice.tsx';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Icon } from '../../components/icons.tsx';
import { Empty, Fact, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Progress } from '../../components/progress.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { value_text } from '../../format/value.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { useSession } from '../session/session.tsx';
import NotFoundPage from '../shell/not_found_page.tsx';
import { argument_label, argument_text } from './argument_words.ts';
import { ended_devices } from './job_table.tsx';
import { JobBadge, OrderBadge, order_states, reason_text } from './order_badge.tsx';
import { OrderResult } from './order_result.tsx';
import './orders.css';
import { title_in } from './titles.ts';

const page_size = 50;
const shown_values_max = 3;

function Facts({ job }: { job: Job }) {
  const { t } = useLanguage();
  const given = Object.entries(job.arguments ?? {});
  return (
    <dl className="facts identity">
      <Fact label={t('jobs.column_devices')}>
        {job.device ? (
          <Link to={`/devices/${job.device.id}`}>{job.device.name}</Link>
        ) : (
          t('devices.count', { count: job.devices })
        )}
      </Fact>
      <Fact label={t('jobs.column_who')}>{job.created_by}</Fact>
      <Fact label={t('jobs.column_when')}>
        <TimeText time={job.created_at} />
      </Fact>
      {job.confirmed_by && <Fact label={t('jobs.confirmed_by')}>{job.confirmed_by}</Fact>}
      {job.reason && <Fact label={t('orders.reason')}>{job.reason}</Fact>}
      {given.map(([name, value]) => (
        <Fact key={name} label={argument_label(name, t)}>
          <span className="mono">{argument_text(name, value, t)}</span>
        </Fact>
      ))}
      {job.registers && job.registers.length > 0 && (
        <Fact label={t('orders.registers')}>{job.registers.map((register) => register_label(register, t)).join('、')}</Fact>
      )}
      {job.finished_at && (
        <Fact label={t('jobs.finished_at')}>
          <TimeText time={job.finished_at} />
        </Fact>
      )}
    </dl>
  );
}

/** What one may do with the job now, and why not when one may not. */
function Actions({ job }: { job: Job }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const session = useSession();
  const taken = (changed: Job) => {
    client.setQueryData(queries.job(changed.id).queryKey, changed);
    void client.invalidateQueries({ queryKey: ['orders', changed.id] });
    void client.invalidateQueries({ queryKey: ['jobs'] });
  };
  const confirm = useMutation({ mutationFn: () => api.confirm_job(job.id), onSuccess: taken });
  const cancel = useMutation({ mutationFn: () => api.cancel_job(job.id), onSuccess: taken });
  const is_waiting = job.state === 'awaiting_confirmation';
  if (session.data?.role === 'viewer' || (!is_waiting && job.state !== 'running')) return null;
  const is_own = session.data?.user === job.created_by;
  const may_confirm = is_waiting && !(job.needs_second_person && is_own);
  return (
    <div className="job-actions">
      {is_waiting && (
        <p className="notice">
          {t(job.needs_second_person ? 'jobs.needs_second_person' : 'jobs.needs_confirmation')}{' '}
          {job.confirm_by && (
            <>
              {t('jobs.confirm_by')} <TimeText time={job.confirm_by} />
            </>
          )}
        </p>
      )}
      <div className="form-actions">
        {may_confirm && (
          <button type="button" className="button button-danger" disabled={confirm.isPending} onClick={() => confirm.mutate()}>
            {t('jobs.confirm')}
          </button>
        )}
        <button type="button" className="button" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
          {t('jobs.cancel')}
        </button>
      </div>
      {(confirm.error ?? cancel.error) && <ProblemView error={confirm.error ?? cancel.error} />}
    </div>
  );
}

function Counts({
  job,
  chosen,
  on_choose,
}: {
  job: Job;
  chosen: OrderState | undefined;
  on_choose: (state: OrderState | undefined) => void;
}) {
  const { t } = useLanguage();
  return (
    <ul className="job-counts">
      {order_states
        .filter((state) => job.counts[state] > 0)
        .map((state) => (
          <li key={state}>
            <button
              type="button"
              className="job-count"
              aria-pressed={chosen === state}
              onClick={() => on_choose(chosen === state ? undefined : state)}
            >
              <OrderBadge state={state} /> <span className="number">{job.counts[state]}</span>
            </button>
          </li>
        ))}
      {order_states.every((state) => job.counts[state] === 0) && <li className="faint">{t('jobs.no_orders')}</li>}
    </ul>
  );
}

function Orders({ job, state }: { job: Job; state: OrderState | undefined }) {
  const { t } = useLanguage();
  const [page, setPage] = useState(1);
  const [opened, setOpened] = useState<Order | null>(null);
  const orders = useQuery({
    ...queries.orders(job.id, { page, page_size, ...(state ? { state } : {}) }),
    refetchInterval: job.state === 'running' ? 2_000 : false,
  });
  // How the last ones ended is asked for once more when the job is told as over.
  const is_over = job.state !== 'running';
  const { refetch } = orders;
  useEffect(() => {
    if (is_over) void refetch();
  }, [is_over, refetch]);
  const columns: Column<Order>[] = [
    { key: 'state', header: t('jobs.column_state'), is_corner: true, cell: (order) => <OrderBadge state={order.state} /> },
    {
      key: 'device',
      header: t('jobs.column_device'),
      is_title: true,
      cell: ({ device }) => (
        <Link className="row-link" to={`/devices/${device.id}/control`}>
          {device.name}
        </Link>
      ),
    },
    {
      key: 'reason',
      header: t('jobs.column_reason'),
      cell: ({ reason, detail }) => (reason ? reason_text(reason, detail, t) : <span className="faint">–</span>),
    },
    {
      key: 'values',
      header: t('jobs.column_values'),
      cell: ({ values }) =>
        values.length === 0 ? (
          <span className="faint">–</span>
        ) : (
          <span className="order-values">
            {values.slice(0, shown_values_max).map(({ register, kind, value, unit }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a register may stand there twice; the list never changes places
              <span key={index} title={register_label(register, t)}>
                {value === null ? t('device.no_value') : value_text(register, kind, value)} <span className="unit">{unit}</span>
              </span>
            ))}
            {values.length > shown_values_max && <span className="faint">+{values.length - shown_values_max}</span>}
          </span>
        ),
    },
    { key: 'when', header: t('jobs.column_changed'), align: 'end', cell: ({ changed_at }) => <TimeText time={changed_at} /> },
    {
      key: 'open',
      header: t('jobs.column_detail'),
      align: 'end',
      cell: (order) => (
        <button type="button" className="button button-small" onClick={() => setOpened(order)}>
          {t('jobs.open')}
        </button>
      ),
    },
  ];
  if (orders.isError) return <ProblemView error={orders.error} on_retry={() => void orders.refetch()} />;
  if (orders.isPending) return <Skeleton rows={6} height={28} />;
  if (orders.data.orders.length === 0) return <Empty title={t('jobs.no_orders')} />;
  return (
    <>
      <DataTable
        caption={t('jobs.orders_caption')}
        columns={columns}
        rows={orders.data.orders}
        row_key={({ id }) => id}
        is_stale={orders.isPlaceholderData}
      />
      <Pager page={page} pages={Math.ceil(orders.data.total / page_size)} on_change={setPage} />
      {opened && (
        <Dialog title={opened.device.name} on_close={() => setOpened(null)}>
          <OrderResult id={opened.id} />
        </Dialog>
      )}
    </>
  );
}

function JobView({ id }: { id: number }) {
  const { t, language } = useLanguage();
  const [parameters, setParameters] = useSearchParams();
  const state = order_states.find((one) => one === parameters.get('state'));
  const job = useQuery({
    ...queries.job(id),
    refetchInterval: ({ state: { data } }) =>
      data?.state === 'running' || data?.state === 'awaiting_confirmation' ? 1_000 : false,
  });
  if (job.error instanceof ApiError && job.error.status === 404) return <NotFoundPage />;
  const { data } = job;
  const choose = (chosen: OrderState | undefined) => setParameters(chosen ? { state: chosen } : {}, { replace: true });
  return (
    <>
      <Link className="back-link" to="/jobs">
        <Icon name="left" size={13} /> {t('jobs.title')}
      </Link>
      <PageHeader
        title={data ? (data.kind === 'read' ? t('jobs.kind_read') : title_in(language, data)) : ''}
        note={data && <JobBadge state={data.state} />}
      >
        {data && (
          <a className="button" href={file_urls.job_results(id)} download>
            {t('jobs.save')}
          </a>
        )}
      </PageHeader>
      {job.isError && <ProblemView error={job.error} on_retry={() => void job.refetch()} />}
      {job.isPending && <Skeleton rows={6} height={26} />}
      {data && (
        <>
          <Facts job={data} />
          <Actions job={data} />
          <Panel title={t('jobs.progress')} note={t('jobs.ended_of', { ended: ended_devices(data), total: data.devices })}>
            <Progress label={t('jobs.progress')} done={ended_devices(data)} total={data.devices} />
            <Counts job={data} chosen={state} on_choose={choose} />
          </Panel>
          <div className="filters">
            <Choice
              class_name="filter"
              label={t('jobs.column_state')}
              value={state}
              none={t('jobs.all_states')}
              options={order_states.map((one) => ({ value: one, label: t(`order_state.${one}`) }))}
              on_change={choose}
            />
          </div>
          <Orders key={state ?? 'all'} job={data} state={state} />
        </>
      )}
    </>
  );
}

export default function JobPage() {
  const { job_id = '' } = useParams();
  if (!/^\d{1,15}$/.test(job_id)) return <NotFoundPage />;
  return <JobView key={job_id} id={Number(job_id)} />;
}
