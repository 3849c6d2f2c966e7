import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { Connection, ConnectionChange, DeviceDetail } from '../../api/types.ts';
import { Dialog } from '../../components/dialog.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { refusal_of } from '../../components/field_refusal.ts';
import { Fact, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Age, TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { title_in } from '../orders/titles.ts';
import { useSession } from '../session/session.tsx';

const counters = [
  'questions',
  'answers',
  'refusals',
  'time_outs',
  'late_answers',
  'unasked_answers',
  'unusable_answers',
  'bad_frames',
  'noise_octets',
] as const;

function LineState({ connection, time_zone }: { connection: Connection; time_zone: string }) {
  const { t, language } = useLanguage();
  const numbers = new Intl.NumberFormat(language);
  const { state } = connection;
  if (!state) return <p className="faint">{t('connection.not_told')}</p>;
  return (
    <dl className="facts">
      <Fact label={t('connection.state')}>
        <span className={state.offline ? 'mark mark-failed' : state.answering ? 'mark mark-ok' : 'mark mark-degraded'}>
          {t(state.offline ? 'connection.offline' : state.answering ? 'connection.answering' : 'connection.silent')}
        </span>
      </Fact>
      <Fact label={t('connection.last_answer')}>
        <Age time={state.last_answer_at} time_zone={time_zone} />
      </Fact>
      {counters.map((name) => (
        <Fact key={name} label={t(`connection.${name}`)}>
          <span className="number">{numbers.format(state[name])}</span>
        </Fact>
      ))}
      {state.questions > 0 && (
        <Fact label={t('connection.success')}>
          <span className="number">{((100 * state.answers) / state.questions).toFixed(2)} %</span>
        </Fact>
      )}
    </dl>
  );
}

function ChangeForm({ connection, on_done }: { connection: Connection; on_done: () => void }) {
  const { t, language } = useLanguage();
  const client = useQueryClient();
  const gateways = useQuery(queries.gateways());
  const models = useQuery(queries.models());
  const [gateway_id, setGateway] = useState(connection.gateway?.id);
  const [channel, setChannel] = useState(connection.channel ?? undefined);
  const [address, setAddress] = useState(connection.address);
  const [model, setModel] = useState<string | undefined>(connection.model);
  const plan = useQuery({ ...queries.gateway_plan(gateway_id ?? 0), enabled: gateway_id !== undefined });
  const change = useMutation({
    mutationFn: (body: ConnectionChange) => api.change_connection(connection.device_id, body),
    onSuccess: (changed) => {
      client.setQueryData(queries.connection(connection.device_id).queryKey, changed);
      for (const key of ['device', 'devices', 'gateway_plan']) void client.invalidateQueries({ queryKey: [key] });
      on_done();
    },
  });
  const refusal = refusal_of(change.error);
  const told = (field: string) => (refusal?.field === field ? refusal.message : undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (gateway_id !== undefined && channel && model && address.trim())
      change.mutate({ gateway_id, channel, address: address.trim(), model });
  };
  return (
    <form className="form" noValidate onSubmit={submit}>
      <SelectField
        label={t('device.gateway')}
        value={gateway_id}
        options={(gateways.data?.gateways ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        fault={told('gateway_id')}
        on_change={(id) => {
          setGateway(id);
          setChannel(undefined);
        }}
      />
      <SelectField
        label={t('onboarding.channel')}
        value={channel}
        none={t('jobs.choose')}
        options={(plan.data?.channels ?? []).map(({ name, kind, detail }) => ({
          value: name,
          label: `${name} · ${t(`channel.${kind}`)} ${detail}`,
        }))}
        fault={told('channel')}
        on_change={setChannel}
      />
      <TextField
        label={t('device.address')}
        value={address}
        is_mono
        length_max={64}
        fault={told('address')}
        on_change={setAddress}
      />
      <SelectField
        label={t('device.model')}
        value={model}
        options={(models.data?.models ?? []).map((one) => ({
          value: one.id,
          label: title_in(language, { name: one.id, ...one }),
        }))}
        fault={told('model')}
        on_change={setModel}
      />
      <p className="faint">{t('connection.change_text')}</p>
      <div className="form-actions">
        <button type="submit" className="button button-main" disabled={change.isPending || !channel}>
          {t('connection.change')}
        </button>
        <button type="button" className="button" onClick={on_done}>
          {t('common.cancel')}
        </button>
      </div>
      {refusal?.field === '' && (
        <p className="is-fault" role="alert">
          {refusal.message}
        </p>
      )}
      {change.isError && !refusal && <ProblemView error={change.error} />}
    </form>
  );
}

/** One question with one answer to type: a password, a reason. */
function AskDialog({
  title,
  label,
  text,
  is_secret = false,
  submit_label,
  on_submit,
  on_close,
}: {
  title: string;
  label: string;
  text: string;
  is_secret?: boolean;
  submit_label: string;
  on_submit: (value: string) => Promise<unknown>;
  on_close: () => void;
}) {
  const { t } = useLanguage();
  const [value, setValue] = useState('');
  const work = useMutation({ mutationFn: on_submit, onSuccess: on_close });
  const refusal = refusal_of(work.error);
  return (
    <Dialog title={title} on_close={on_close}>
      <form
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (value.trim()) work.mutate(value.trim());
        }}
      >
        <p>{text}</p>
        <TextField label={label} value={value} is_secret={is_secret} is_wide fault={refusal?.message} on_change={setValue} />
        <div className="form-actions">
          <button type="submit" className="button button-main" disabled={work.isPending || value.trim() === ''}>
            {submit_label}
          </button>
          <button type="button" className="button" onClick={on_close}>
            {t('common.cancel')}
          </button>
        </div>
        {work.isError && !refusal && <ProblemView error={work.error} />}
      </form>
    </Dialog>
  );
}

type Asked = 'change' | 'access' | 'protect' | 'retire';

function Rights({ connection, time_zone, ask }: { connection: Connection; time_zone: string; ask: (what: Asked) => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: queries.connection(connection.device_id).queryKey });
  const forget = useMutation({ mutationFn: () => api.forget_access(connection.device_id), onSuccess: refresh });
  const unprotect = useMutation({ mutationFn: () => api.unprotect(connection.device_id), onSuccess: refresh });
  const { protection } = connection;
  const failure = forget.error ?? unprotect.error;
  return (
    <Panel title={t('connection.rights')}>
      <dl className="facts">
        <Fact label={t('connection.access')}>
          {t(connection.has_access ? 'connection.access_kept' : 'connection.access_none')}{' '}
          <button type="button" className="button button-small" onClick={() => ask('access')}>
            {t(connection.has_access ? 'connection.access_replace' : 'connection.access_set')}
          </button>{' '}
          {connection.has_access && (
            <button type="button" className="button button-small" disabled={forget.isPending} onClick={() => forget.mutate()}>
              {t('connection.access_forget')}
            </button>
          )}
        </Fact>
        <Fact label={t('connection.protection')}>
          {protection ? (
            <>
              {protection.reason} · {protection.by} · <TimeText time={protection.since} time_zone={time_zone} />{' '}
              <button
                type="button"
                className="button button-small"
                disabled={unprotect.isPending}
                onClick={() => unprotect.mutate()}
              >
                {t('connection.unprotect')}
              </button>
            </>
          ) : (
            <>
              {t('connection.not_protected')}{' '}
              <button type="button" className="button button-small" onClick={() => ask('protect')}>
                {t('connection.protect')}
              </button>
            </>
          )}
        </Fact>
      </dl>
      {failure && <ProblemView error={failure} />}
    </Panel>
  );
}

function Asking({ what, connection, on_close }: { what: Asked; connection: Connection; on_close: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const { device_id } = connection;
  const refresh = () => client.invalidateQueries({ queryKey: queries.connection(device_id).queryKey });
  const retire = useMutation({
    mutationFn: () => api.retire_device(device_id),
    onSuccess: () => {
      for (const key of ['connection', 'device', 'devices', 'overview', 'gateway_plan'])
        void client.invalidateQueries({ queryKey: [key] });
      on_close();
    },
  });
  if (what === 'change') {
    return (
      <Dialog title={t('connection.change')} on_close={on_close}>
        <ChangeForm connection={connection} on_done={on_close} />
      </Dialog>
    );
  }
  if (what === 'access') {
    return (
      <AskDialog
        title={t('connection.access')}
        label={t('orders.password')}
        text={t('connection.access_text')}
        is_secret
        submit_label={t('connection.access_set')}
        on_submit={(password) => api.set_access(device_id, { password }).then(refresh)}
        on_close={on_close}
      />
    );
  }
  if (what === 'protect') {
    return (
      <AskDialog
        title={t('connection.protect')}
        label={t('orders.reason')}
        text={t('connection.protect_text')}
        submit_label={t('connection.protect')}
        on_submit={(reason) => api.protect(device_id, reason).then(refresh)}
        on_close={on_close}
      />
    );
  }
  return (
    <Dialog title={t('connection.retire')} on_close={on_close}>
      <p className="dialog-text">{t('connection.retire_text')}</p>
      {retire.isError && <ProblemView error={retire.error} />}
      <div className="form-actions">
        <button type="button" className="button button-danger" disabled={retire.isPending} onClick={() => retire.mutate()}>
          {t('connection.retire')}
        </button>
        <button type="button" className="button" onClick={on_close}>
          {t('common.cancel')}
        </button>
      </div>
    </Dialog>
  );
}

/** How a device is reached, how its line has been, and who may do what to it. */
export default function ConnectionPart({ device }: { device: DeviceDetail }) {
  const { t } = useLanguage();
  const session = useSession();
  const connection = useQuery({ ...queries.connection(device.id), refetchInterval: 5_000 });
  const [asked, setAsked] = useState<Asked | null>(null);
  if (connection.isError) return <ProblemView error={connection.error} on_retry={() => void connection.refetch()} />;
  if (connection.isPending) return <Skeleton rows={6} height={26} />;
  const { data } = connection;
  const may_change = session.data?.role !== 'viewer' && !data.retired;
  return (
    <>
      {data.retired && <p className="notice">{t('connection.retired')}</p>}
      <Panel
        title={t('connection.title')}
        actions={
          may_change && (
            <>
              {data.from_plan && (
                <button type="button" className="button button-small" onClick={() => setAsked('change')}>
                  {t('connection.change')}
                </button>
              )}
              <button type="button" className="button button-small" onClick={() => setAsked('retire')}>
                {t('connection.retire')}
              </button>
            </>
          )
        }
      >
        <dl className="facts">
          <Fact label={t('device.gateway')}>{data.gateway?.name ?? '–'}</Fact>
          <Fact label={t('onboarding.channel')}>{data.channel ?? '–'}</Fact>
          <Fact label={t('device.address')}>
            <span className="mono">{data.address}</span>
          </Fact>
          <Fact label={t('device.model')}>{data.model}</Fact>
        </dl>
        {!data.from_plan && <p className="faint">{t('connection.from_file')}</p>}
      </Panel>
      <Panel title={t('connection.line')} note={data.state && t('connection.since_start')}>
        <LineState connection={data} time_zone={device.time_zone} />
      </Panel>
      {may_change && <Rights connection={data} time_zone={device.time_zone} ask={setAsked} />}
      {asked && <Asking what={asked} connection={data} on_close={() => setAsked(null)} />}
    </>
  );
}
