import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { DeviceFilter, ModelArgument, ModelDetail, NewJob } from '../../api/types.ts';
import { SelectField, TextField } from '../../components/field.tsx';
import { refusal_of } from '../../components/field_refusal.ts';
import { Icon } from '../../components/icons.tsx';
import { Empty, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { useSession } from '../session/session.tsx';
import { argument_fault, OperationInputs, type Values } from './operation_inputs.tsx';
import './orders.css';
import { usual_reasons } from './reasons.ts';
import { title_in } from './titles.ts';

const kinds = ['read', 'parameter', 'command'] as const;
type Kind = (typeof kinds)[number];
type Narrowing = Pick<DeviceFilter, 'site_id' | 'organisation_id' | 'gateway_id' | 'state'>;

/** Everything about what is to be asked, as the chosen model offers it. */
interface Wanted {
  kind: Kind;
  name: string | undefined;
  registers: string[];
  values: Values;
  reason: string;
  password: string;
  lifetime_s: number;
}

function inputs_of(model: ModelDetail, wanted: Wanted, language: 'zh-CN' | 'en'): ModelArgument[] {
  if (wanted.kind === 'command') return model.command_list.find(({ name }) => name === wanted.name)?.arguments ?? [];
  const parameter = wanted.kind === 'parameter' ? model.parameter_list.find(({ name }) => name === wanted.name) : undefined;
  if (!parameter) return [];
  const title = title_in(language, parameter);
  return [{ ...parameter.value, name: 'value', title_zh: title, title_en: title, required: true }];
}

function danger_of(model: ModelDetail, { kind, name }: Wanted) {
  const list = kind === 'command' ? model.command_list : kind === 'parameter' ? model.parameter_list : [];
  return list.find((one) => one.name === name)?.danger ?? 'none';
}

function needs_password(model: ModelDetail, { kind, name }: Wanted): boolean {
  const list = kind === 'command' ? model.command_list : kind === 'parameter' ? model.parameter_list : [];
  return list.find((one) => one.name === name)?.needs_password ?? false;
}

function Registers({
  model,
  chosen,
  on_change,
}: {
  model: ModelDetail;
  chosen: string[];
  on_change: (chosen: string[]) => void;
}) {
  const { t } = useLanguage();
  const names = [...new Set(model.groups.flatMap(({ items }) => items.map(({ register }) => register)))];
  return (
    <fieldset className="register-choices is-wide">
      <legend className="field-label">{t('orders.registers')}</legend>
      {names.map((name) => (
        <label key={name} className="check-line">
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={({ target }) => on_change(target.checked ? [...chosen, name] : chosen.filter((one) => one !== name))}
          />
          {register_label(name, t)}
        </label>
      ))}
    </fieldset>
  );
}

function useDevices(filter: DeviceFilter) {
  return useQuery({ ...queries.devices({ ...filter, page: 1, page_size: 1 }), enabled: filter.model !== undefined });
}

function Narrow({ filter, on_change }: { filter: Narrowing; on_change: (filter: Narrowing) => void }) {
  const { t } = useLanguage();
  const tree = useQuery(queries.organisations());
  const gateways = useQuery(queries.gateways());
  const set = (name: keyof Narrowing) => (value: number | undefined) => {
    const next = { ...filter };
    delete next[name];
    on_change(value === undefined ? next : { ...next, [name]: value });
  };
  const named = (list: readonly { id: number; name: string }[] | undefined) =>
    (list ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <>
      <SelectField
        label={t('device.organisation')}
        value={filter.organisation_id}
        none={t('jobs.any')}
        options={named(tree.data?.organisations)}
        on_change={set('organisation_id')}
      />
      <SelectField
        label={t('device.site')}
        value={filter.site_id}
        none={t('jobs.any')}
        options={named(tree.data?.sites)}
        on_change={set('site_id')}
      />
      <SelectField
        label={t('device.gateway')}
        value={filter.gateway_id}
        none={t('jobs.any')}
        options={named(gateways.data?.gateways)}
        on_change={set('gateway_id')}
      />
    </>
  );
}

function whole(
  model: ModelDetail,
  wanted: Wanted,
  fault: (argument: ModelArgument, value: string) => string | undefined,
  language: 'zh-CN' | 'en',
) {
  if (wanted.kind === 'read') return wanted.registers.length > 0;
  if (wanted.name === undefined) return false;
  if (danger_of(model, wanted) !== 'none' && wanted.reason.trim() === '') return false;
  return inputs_of(model, wanted, language).every((argument) => !fault(argument, wanted.values[argument.name] ?? ''));
}

function job_of(model_id: string, filter: Narrowing, wanted: Wanted): NewJob {
  const { kind, name, registers, values, reason, password, lifetime_s } = wanted;
  return {
    kind,
    filter: { ...filter, model: model_id },
    ...(kind === 'read' ? { registers } : { name: name ?? '', arguments: values }),
    ...(reason.trim() ? { reason: reason.trim() } : {}),
    ...(password ? { access: { password } } : {}),
    lifetime_s,
  };
}

const lifetimes_s = [60, 600, 3_600, 86_400, 604_800] as const;

function JobForm({ model }: { model: ModelDetail }) {
  const { t, language } = useLanguage();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [filter, setFilter] = useState<Narrowing>({});
  const [wanted, setWanted] = useState<Wanted>({
    kind: 'read',
    name: undefined,
    registers: [],
    values: {},
    reason: '',
    password: '',
    lifetime_s: 600,
  });
  const [was_tried, setTried] = useState(false);
  const devices = useDevices({ ...filter, model: model.id });
  const change = (part: Partial<Wanted>) => setWanted((before) => ({ ...before, ...part }));
  const create = useMutation({
    mutationFn: (job: NewJob) => api.create_job(job),
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: ['jobs'] });
      navigate(`/jobs/${job.id}`);
    },
  });
  const count = devices.data?.total ?? 0;
  const fault = (argument: ModelArgument, value: string) => argument_fault(argument, value, t);
  const refusal = refusal_of(create.error);
  const list =
    wanted.kind === 'command'
      ? model.command_list.filter(({ broadcast }) => !broadcast)
      : model.parameter_list.filter(({ writable }) => writable);
  const danger = danger_of(model, wanted);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (count > 0 && whole(model, wanted, fault, language)) create.mutate(job_of(model.id, filter, wanted));
  };
  return (
    <form noValidate onSubmit={submit}>
      <Panel title={t('jobs.which')} note={devices.data && t('devices.count', { count })}>
        <div className="form">
          <Narrow filter={filter} on_change={setFilter} />
        </div>
      </Panel>
      <Panel title={t('jobs.what')}>
        <div className="form">
          <SelectField
            label={t('jobs.kind')}
            value={wanted.kind}
            options={kinds.map((kind) => ({ value: kind, label: t(`jobs.kind_${kind}`) }))}
            on_change={(kind) => kind && change({ kind, name: undefined, values: {}, reason: '' })}
          />
          {wanted.kind === 'read' ? (
            <Registers model={model} chosen={wanted.registers} on_change={(registers) => change({ registers })} />
          ) : (
            <SelectField
              label={t(`jobs.kind_${wanted.kind}`)}
              value={wanted.name}
              none={t('jobs.choose')}
              options={list.map((one) => ({ value: one.name, label: title_in(language, one) }))}
              fault={was_tried && !wanted.name ? t('orders.missing') : undefined}
              on_change={(name) => change({ name, values: {} })}
            />
          )}
          <OperationInputs
            inputs={inputs_of(model, wanted, language)}
            values={wanted.values}
            was_tried={was_tried}
            refusal={refusal}
            on_change={(name, value) => change({ values: { ...wanted.values, [name]: value } })}
          />
          {danger !== 'none' && (
            <>
              <p className="notice">
                {t(`orders.danger_${danger}_text`)} {danger === 'supply' && count > 1 && t('jobs.needs_second_person')}
              </p>
              <TextField
                label={t('orders.reason')}
                value={wanted.reason}
                length_max={500}
                is_wide
                suggestions={usual_reasons(wanted.name, t)}
                fault={was_tried && wanted.reason.trim() === '' ? t('orders.missing') : undefined}
                on_change={(reason) => change({ reason })}
              />
            </>
          )}
          {needs_password(model, wanted) && (
            <TextField
              label={t('orders.password')}
              value={wanted.password}
              is_secret
              help={t('jobs.password_help')}
              on_change={(password) => change({ password })}
            />
          )}
          <SelectField
            label={t('jobs.lifetime')}
            value={wanted.lifetime_s}
            options={lifetimes_s.map((seconds) => ({ value: seconds, label: t(`jobs.lifetime_${seconds}`) }))}
            help={t('jobs.lifetime_help')}
            on_change={(lifetime_s) => lifetime_s && change({ lifetime_s })}
          />
          <div className="form-actions">
            <button
              type="submit"
              className={danger === 'none' ? 'button button-main' : 'button button-danger'}
              disabled={create.isPending || count === 0}
            >
              {t('jobs.start', { count })}
            </button>
          </div>
          {was_tried && wanted.kind === 'read' && wanted.registers.length === 0 && (
            <p className="is-fault" role="alert">
              {t('jobs.no_registers')}
            </p>
          )}
          {refusal && (
            <p className="is-fault" role="alert">
              {refusal.message}
            </p>
          )}
          {create.isError && !refusal && <ProblemView error={create.error} />}
        </div>
      </Panel>
    </form>
  );
}

export default function NewJobPage() {
  const { t, language } = useLanguage();
  const session = useSession();
  const models = useQuery(queries.models());
  const [id, setId] = useState<string | undefined>(undefined);
  const used = models.data?.models.filter(({ devices }) => devices > 0) ?? [];
  const chosen = id ?? used[0]?.id;
  const model = useQuery({ ...queries.model(chosen ?? ''), enabled: chosen !== undefined });
  return (
    <>
      <Link className="back-link" to="/jobs">
        <Icon name="left" size={13} /> {t('jobs.title')}
      </Link>
      <PageHeader title={t('jobs.new')} note={t('jobs.new_note')} />
      {session.data?.role === 'viewer' && <Empty title={t('orders.not_allowed')} hint={t('orders.not_allowed_hint')} />}
      {models.isError && <ProblemView error={models.error} on_retry={() => void models.refetch()} />}
      {models.data && used.length === 0 && <Empty title={t('jobs.no_devices')} />}
      {session.data && session.data.role !== 'viewer' && used.length > 0 && (
        <>
          <Panel title={t('jobs.model')}>
            <div className="form">
              <SelectField
                label={t('device.model')}
                value={chosen}
                options={used.map((one) => ({
                  value: one.id,
                  label: `${title_in(language, { name: one.id, ...one })} (${one.devices})`,
                }))}
                on_change={setId}
              />
            </div>
          </Panel>
          {model.isError && <ProblemView error={model.error} on_retry={() => void model.refetch()} />}
          {model.isPending && <Skeleton rows={6} height={26} />}
          {model.data && <JobForm key={model.data.id} model={model.data} />}
        </>
      )}
    </>
  );
}
