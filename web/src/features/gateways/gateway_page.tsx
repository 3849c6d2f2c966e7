import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link, useParams } from 'react-router';
import { ApiError, api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { Channel, GatewayPlan, NewChannel } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { refusal_of } from '../../components/field_refusal.ts';
import { Icon } from '../../components/icons.tsx';
import { Empty, Fact, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Age } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { ChannelInputs, empty_channel, new_channel } from '../onboarding/channel_inputs.tsx';
import { useSession } from '../session/session.tsx';
import NotFoundPage from '../shell/not_found_page.tsx';
import { RestartDialog } from './restart_dialog.tsx';
import { TimingPanel } from './timing_panel.tsx';

function NewChannelDialog({ gateway_id, on_close }: { gateway_id: number; on_close: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [draft, setDraft] = useState(empty_channel);
  const [was_tried, setTried] = useState(false);
  const add = useMutation({
    mutationFn: (channel: NewChannel) => api.add_channel(gateway_id, channel),
    onSuccess: (plan) => {
      client.setQueryData(queries.gateway_plan(gateway_id).queryKey, plan);
      on_close();
    },
  });
  const refusal = refusal_of(add.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const channel = new_channel(draft);
    if (channel) add.mutate(channel);
  };
  return (
    <Dialog title={t('onboarding.new_channel')} on_close={on_close}>
      <form className="form" noValidate onSubmit={submit}>
        <ChannelInputs
          draft={draft}
          was_tried={was_tried}
          refusal={refusal}
          on_change={(part) => setDraft((before) => ({ ...before, ...part }))}
        />
        <div className="form-actions">
          <button type="submit" className="button button-main" disabled={add.isPending}>
            {t('gateway.add_channel')}
          </button>
          <button type="button" className="button" onClick={on_close}>
            {t('common.cancel')}
          </button>
        </div>
        {refusal?.field === '' && (
          <p className="is-fault" role="alert">
            {refusal.message}
          </p>
        )}
        {add.isError && !refusal && <ProblemView error={add.error} />}
      </form>
    </Dialog>
  );
}

function Channels({ plan, may_change }: { plan: GatewayPlan; may_change: boolean }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const gateway_id = plan.gateway.id;
  const [restarting, setRestarting] = useState<string | undefined>(undefined);
  const remove = useMutation({
    mutationFn: (name: string) => api.remove_channel(gateway_id, name),
    onSuccess: (changed) => client.setQueryData(queries.gateway_plan(gateway_id).queryKey, changed),
  });
  const columns: Column<Channel>[] = [
    { key: 'name', header: t('onboarding.channel_name'), is_title: true, cell: ({ name }) => name },
    {
      key: 'open',
      header: t('gateway.column_open'),
      is_corner: true,
      cell: ({ open }) =>
        open === null ? (
          <span className="faint">–</span>
        ) : (
          <span className={open ? 'mark mark-ok' : 'mark mark-failed'}>{t(open ? 'gateway.open' : 'gateway.closed')}</span>
        ),
    },
    { key: 'kind', header: t('onboarding.channel_kind'), cell: ({ kind, detail }) => `${t(`channel.${kind}`)} ${detail}` },
    { key: 'devices', header: t('nav.devices'), align: 'end', cell: ({ devices }) => <span className="number">{devices}</span> },
    {
      key: 'from',
      header: t('gateway.column_from'),
      cell: ({ from_plan }) => t(from_plan ? 'gateway.from_plan' : 'gateway.from_file'),
    },
    {
      key: 'actions',
      header: t('gateway.column_actions'),
      align: 'end',
      cell: ({ name, from_plan, devices }) => (
        <span className="row-actions">
          <Link className="button button-small" to={`/gateways/${gateway_id}/trace?channel=${encodeURIComponent(name)}`}>
            {t('trace.title')}
          </Link>
          {may_change && devices > 0 && (
            <button type="button" className="button button-small" onClick={() => setRestarting(name)}>
              {t('restart.channel')}
            </button>
          )}
          {may_change && from_plan && (
            <button
              type="button"
              className="button button-small"
              disabled={devices > 0 || remove.isPending}
              title={devices > 0 ? t('gateway.in_use') : undefined}
              onClick={() => remove.mutate(name)}
            >
              {t('gateway.remove')}
            </button>
          )}
        </span>
      ),
    },
  ];
  return (
    <>
      {remove.isError && <ProblemView error={remove.error} />}
      {restarting !== undefined && (
        <RestartDialog gateway_id={gateway_id} channel={restarting} on_close={() => setRestarting(undefined)} />
      )}
      {plan.channels.length === 0 ? (
        <Empty title={t('gateway.no_channels')} />
      ) : (
        <DataTable caption={t('gateway.channels')} columns={columns} rows={plan.channels} row_key={({ name }) => name} />
      )}
    </>
  );
}

function Content({ plan }: { plan: GatewayPlan }) {
  const { t } = useLanguage();
  const session = useSession();
  const may_change = session.data !== null && session.data?.role !== 'viewer';
  const [is_adding, setAdding] = useState(false);
  const [is_restarting, setRestarting] = useState(false);
  return (
    <>
      <div className="form-actions">
        <Link className="button" to={`/gateways/${plan.gateway.id}/sums`}>
          {t('sums.title')}
        </Link>
        {may_change && (
          <button type="button" className="button" onClick={() => setRestarting(true)}>
            {t('restart.gateway')}
          </button>
        )}
      </div>
      {is_restarting && <RestartDialog gateway_id={plan.gateway.id} channel={undefined} on_close={() => setRestarting(false)} />}
      <dl className="facts identity">
        <Fact label={t('gateway.plan')}>
          <span className={plan.state === 'applied' ? 'mark mark-ok' : 'mark mark-degraded'}>
            {t(`gateway.plan_${plan.state}`)}
          </span>
        </Fact>
        <Fact label={t('gateway.version')}>
          <span className="number">
            {plan.applied_version} / {plan.version}
          </span>
        </Fact>
        <Fact label={t('gateway.reported')}>
          <Age time={plan.reported_at} />
        </Fact>
        <Fact label={t('gateway.devices')}>
          <Link to={`/devices?gateway_id=${plan.gateway.id}`}>{plan.devices + plan.file_devices}</Link>{' '}
          <span className="faint">{t('gateway.devices_note', { plan: plan.devices, file: plan.file_devices })}</span>
        </Fact>
        <Fact label={t('models.title')}>{plan.models.length}</Fact>
      </dl>
      {plan.problems.length > 0 && (
        <Panel title={t('gateway.problems')} note={t('gateway.problems_note')}>
          <ul className="plan-problems">
            {plan.problems.map(({ subject, reason }) => (
              <li key={`${subject} ${reason}`}>
                <span className="mono">{subject}</span> <span className="is-fault">{reason}</span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      <Panel
        title={t('gateway.channels')}
        actions={
          may_change && (
            <button type="button" className="button button-small" onClick={() => setAdding(true)}>
              {t('gateway.add_channel')}
            </button>
          )
        }
      >
        <Channels plan={plan} may_change={may_change} />
      </Panel>
      <TimingPanel gateway_id={plan.gateway.id} />
      {is_adding && <NewChannelDialog gateway_id={plan.gateway.id} on_close={() => setAdding(false)} />}
    </>
  );
}

function GatewayView({ id }: { id: number }) {
  const { t } = useLanguage();
  const plan = useQuery({ ...queries.gateway_plan(id), refetchInterval: 3_000 });
  if (plan.error instanceof ApiError && plan.error.status === 404) return <NotFoundPage />;
  return (
    <>
      <Link className="back-link" to="/gateways">
        <Icon name="left" size={13} /> {t('gateways.title')}
      </Link>
      <PageHeader title={plan.data?.gateway.name ?? ''} />
      {plan.isError && <ProblemView error={plan.error} on_retry={() => void plan.refetch()} />}
      {plan.isPending && <Skeleton rows={8} height={26} />}
      {plan.data && <Content plan={plan.data} />}
    </>
  );
}

export default function GatewayPage() {
  const { gateway_id = '' } = useParams();
  if (!/^\d{1,15}$/.test(gateway_id)) return <NotFoundPage />;
  return <GatewayView key={gateway_id} id={Number(gateway_id)} />;
}
