import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link } from 'react-router';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { Device, NewDevice } from '../../api/types.ts';
import { SelectField, TextField } from '../../components/field.tsx';
import { refusal_of } from '../../components/field_refusal.ts';
import { Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { title_in } from '../orders/titles.ts';
import { ChannelInputs, empty_channel, new_channel } from './channel_inputs.tsx';

const a_new_channel = '\u0000new';

interface Draft {
  model: string | undefined;
  address: string;
  name: string;
  uid: string;
  gateway_id: number | undefined;
  channel: string | undefined;
  organisation_id: number | undefined;
  site_id: number | undefined;
}
const empty_draft: Draft = {
  model: undefined,
  address: '',
  name: '',
  uid: '',
  gateway_id: undefined,
  channel: undefined,
  organisation_id: undefined,
  site_id: undefined,
};

function device_of(draft: Draft, channel: ReturnType<typeof new_channel>): NewDevice | undefined {
  const { model, gateway_id } = draft;
  const is_new = draft.channel === a_new_channel;
  const name = is_new ? channel?.name : draft.channel;
  if (!model || gateway_id === undefined || !name || draft.address.trim() === '') return undefined;
  return {
    model,
    gateway_id,
    channel: name,
    address: draft.address.trim(),
    ...(is_new && channel ? { new_channel: channel } : {}),
    ...(draft.name.trim() ? { name: draft.name.trim() } : {}),
    ...(draft.uid.trim() ? { uid: draft.uid.trim() } : {}),
    ...(draft.organisation_id === undefined ? {} : { organisation_id: draft.organisation_id }),
    ...(draft.site_id === undefined ? {} : { site_id: draft.site_id }),
  };
}

function useChoices(gateway_id: number | undefined) {
  const models = useQuery(queries.models());
  const gateways = useQuery(queries.gateways());
  const tree = useQuery(queries.organisations());
  const plan = useQuery({ ...queries.gateway_plan(gateway_id ?? 0), enabled: gateway_id !== undefined });
  return { models, gateways, tree, plan };
}

function Form({ on_made }: { on_made: (device: Device) => void }) {
  const { t, language } = useLanguage();
  const client = useQueryClient();
  const [draft, setDraft] = useState<Draft>(empty_draft);
  const [channel, setChannel] = useState(empty_channel);
  const [was_tried, setTried] = useState(false);
  const { models, gateways, tree, plan } = useChoices(draft.gateway_id);
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const made = useMutation({
    mutationFn: (device: NewDevice) => api.add_device(device),
    onSuccess: (device) => {
      for (const key of ['devices', 'gateway_plan', 'overview']) void client.invalidateQueries({ queryKey: [key] });
      on_made(device);
      // The next one is often on the same line.
      setDraft((before) => ({
        ...before,
        address: '',
        name: '',
        uid: '',
        channel: device ? (before.channel === a_new_channel ? channel.name.trim() : before.channel) : undefined,
      }));
      setTried(false);
    },
  });
  const refusal = refusal_of(made.error);
  const told = (field: string) => (refusal?.field === field ? refusal.message : undefined);
  const missing = (value: unknown) => (was_tried && (value === undefined || value === '') ? t('orders.missing') : undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const device = device_of(draft, new_channel(channel));
    if (device) made.mutate(device);
  };
  if (models.isPending || gateways.isPending || tree.isPending) return <Skeleton rows={8} height={26} />;
  const failed = [models, gateways, tree].find(({ isError }) => isError);
  if (failed) return <ProblemView error={failed.error} on_retry={() => void failed.refetch()} />;
  const known = plan.data?.models;
  const model = models.data?.models.find(({ id }) => id === draft.model);
  const sites = (tree.data?.sites ?? []).filter(
    (site) => draft.organisation_id === undefined || site.organisation_id === draft.organisation_id,
  );
  return (
    <form className="form" noValidate onSubmit={submit}>
      <p className="form-title">{t('onboarding.what')}</p>
      <SelectField
        label={t('device.model')}
        value={draft.model}
        none={t('jobs.choose')}
        options={(models.data?.models ?? []).map((one) => ({
          value: one.id,
          label: title_in(language, { name: one.id, ...one }),
        }))}
        fault={told('model') ?? missing(draft.model)}
        help={
          known && draft.model && known.length > 0 && !known.includes(draft.model)
            ? t('onboarding.gateway_lacks_model')
            : undefined
        }
        on_change={(chosen) => change({ model: chosen })}
      />
      <TextField
        label={t('device.address')}
        value={draft.address}
        is_mono
        length_max={64}
        help={model?.address_digits ? t('onboarding.address_help', { digits: model.address_digits }) : undefined}
        fault={told('address') ?? missing(draft.address.trim())}
        on_change={(address) => change({ address })}
      />
      <TextField
        label={t('onboarding.name')}
        value={draft.name}
        length_max={200}
        help={t('onboarding.name_help')}
        fault={told('name')}
        on_change={(name) => change({ name })}
      />
      <p className="form-title">{t('onboarding.where')}</p>
      <SelectField
        label={t('device.gateway')}
        value={draft.gateway_id}
        none={t('jobs.choose')}
        options={(gateways.data?.gateways ?? [])
          .filter(({ state }) => state !== 'revoked')
          .map(({ id, name }) => ({ value: id, label: name }))}
        fault={told('gateway_id') ?? missing(draft.gateway_id)}
        on_change={(gateway_id) => change({ gateway_id, channel: undefined })}
      />
      {draft.gateway_id !== undefined && (
        <SelectField
          label={t('onboarding.channel')}
          value={draft.channel}
          none={t('jobs.choose')}
          options={[
            ...(plan.data?.channels ?? []).map(({ name, kind, detail }) => ({
              value: name,
              label: `${name} · ${t(`channel.${kind}`)} ${detail}`,
            })),
            { value: a_new_channel, label: t('onboarding.new_channel') },
          ]}
          fault={told('channel') ?? missing(draft.channel)}
          on_change={(chosen) => change({ channel: chosen })}
        />
      )}
      {draft.channel === a_new_channel && (
        <ChannelInputs
          draft={channel}
          was_tried={was_tried}
          refusal={refusal}
          on_change={(part) => setChannel((before) => ({ ...before, ...part }))}
        />
      )}
      <p className="form-title">{t('onboarding.whose')}</p>
      <SelectField
        label={t('device.organisation')}
        value={draft.organisation_id}
        none={t('onboarding.own_organisation')}
        options={(tree.data?.organisations ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        fault={told('organisation_id')}
        on_change={(organisation_id) => change({ organisation_id, site_id: undefined })}
      />
      <SelectField
        label={t('device.site')}
        value={draft.site_id}
        none={t('onboarding.no_site')}
        options={sites.map(({ id, name }) => ({ value: id, label: name }))}
        fault={told('site_id')}
        on_change={(site_id) => change({ site_id })}
      />
      <TextField
        label={t('device.uid')}
        value={draft.uid}
        is_mono
        length_max={64}
        help={t('onboarding.uid_help')}
        fault={told('uid')}
        on_change={(uid) => change({ uid })}
      />
      <div className="form-actions">
        <button type="submit" className="button button-main" disabled={made.isPending}>
          {t('onboarding.add')}
        </button>
        {refusal?.field === '' && (
          <span className="is-fault" role="alert">
            {refusal.message}
          </span>
        )}
      </div>
      {made.isError && !refusal && <ProblemView error={made.error} />}
    </form>
  );
}

/** One device by a form. */
export default function AddOnePart() {
  const { t } = useLanguage();
  const [made, setMade] = useState<Device[]>([]);
  return (
    <Panel title={t('onboarding.one')}>
      {made.length > 0 && (
        <output className="notice notice-ok onboarding-made">
          {t('onboarding.made')}{' '}
          {made.slice(-5).map((device) => (
            <Link key={device.id} to={`/devices/${device.id}`}>
              {device.name}
            </Link>
          ))}
        </output>
      )}
      <Form on_made={(device) => setMade((before) => [...before, device])} />
    </Panel>
  );
}
