import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { queries } from '../../api/queries.ts';
import { SelectField, TextField } from '../../components/field.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { type NewSum, processing_api, type Sum, type SumDetails } from './processing_api.ts';

const found_shown = 200;

interface Member {
  id: number;
  name: string;
}

/** Members by search: what is found can be added one by one or all at once. */
function MemberPicker({
  gateway_id,
  members,
  on_change,
}: {
  gateway_id: number;
  members: readonly Member[];
  on_change: (members: Member[]) => void;
}) {
  const { t } = useLanguage();
  const [search, setSearch] = useState('');
  const found = useQuery(queries.devices({ gateway_id, search, page: 1, page_size: found_shown }));
  const chosen = new Set(members.map(({ id }) => id));
  const others = (found.data?.devices ?? []).filter(({ id }) => !chosen.has(id));
  const add = (more: readonly Member[]) => on_change([...members, ...more.map(({ id, name }) => ({ id, name }))]);
  return (
    <div className="is-wide member-picker">
      <TextField
        label={t('sums.search')}
        value={search}
        help={t('sums.search_help', { count: found.data?.total ?? 0 })}
        on_change={setSearch}
      />
      {found.isError && <ProblemView error={found.error} />}
      <ul className="member-list" aria-label={t('sums.found')}>
        {others.slice(0, 8).map((device) => (
          <li key={device.id}>
            <button type="button" className="button button-small" onClick={() => add([device])}>
              + {device.name}
            </button>
          </li>
        ))}
        {others.length > 1 && (
          <li>
            <button type="button" className="button button-small" onClick={() => add(others)}>
              {t('sums.add_found', { count: others.length })}
            </button>
          </li>
        )}
      </ul>
      <p>
        {t('sums.chosen', { count: members.length })}{' '}
        {members.length > 0 && (
          <button type="button" className="button button-small" onClick={() => on_change([])}>
            {t('sums.clear')}
          </button>
        )}
      </p>
      <ul className="member-list" aria-label={t('sums.members')}>
        {members.slice(0, 20).map((member) => (
          <li key={member.id}>
            <button
              type="button"
              className="button button-small"
              aria-label={t('sums.leave_out', { name: member.name })}
              onClick={() => on_change(members.filter(({ id }) => id !== member.id))}
            >
              × {member.name}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

const defaults = {
  register: 'energy_active_import_total',
  unit: 'kWh',
  exponent: -4,
  interval_s: 900,
  wait_s: 1_800,
  tolerance_s: 0,
};

/** A sum to be made or changed. */
export function SumForm({
  gateway_id,
  sum,
  first_members,
  on_done,
}: {
  gateway_id: number;
  sum: Sum | undefined;
  first_members: readonly Member[];
  on_done: (made: SumDetails) => void;
}) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const plan = useQuery(queries.gateway_plan(gateway_id));
  const [uid, setUid] = useState(sum?.uid ?? '');
  const [settings, setSettings] = useState<typeof defaults>(sum ?? defaults);
  const [channel, setChannel] = useState<string | undefined>(sum?.channel === '' ? undefined : sum?.channel);
  const [members, setMembers] = useState<Member[]>([...first_members]);
  const [reason, setReason] = useState('');
  const [was_tried, setTried] = useState(false);
  const set = useMutation({
    mutationFn: (body: NewSum) => processing_api.set_sum(gateway_id, body),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ['sums', gateway_id] });
      on_done(made);
    },
  });
  const missing = (value: string) => (was_tried && value.trim() === '' ? t('orders.missing') : undefined);
  const nobody = members.length === 0 && channel === undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (uid.trim() === '' || reason.trim() === '' || nobody) return;
    const { register, unit, exponent, interval_s, wait_s, tolerance_s } = settings;
    set.mutate({
      uid: uid.trim(),
      register,
      unit,
      exponent,
      interval_s,
      wait_s,
      tolerance_s,
      ...(channel ? { channel } : {}),
      ...(members.length > 0 ? { device_ids: members.map(({ id }) => id) } : {}),
      reason: reason.trim(),
    });
  };
  const number = (key: 'interval_s' | 'wait_s' | 'tolerance_s', label: string, help?: string) => (
    <TextField
      label={label}
      value={String(settings[key])}
      is_number
      suffix={t('sampling.seconds_unit')}
      help={help}
      on_change={(value) => setSettings((before) => ({ ...before, [key]: Number(value.replace(/\D/g, '')) }))}
    />
  );
  return (
    <form className="form" noValidate onSubmit={submit}>
      {sum ? (
        <p className="is-wide mono">{sum.uid}</p>
      ) : (
        <TextField
          label={t('sums.uid')}
          value={uid}
          is_mono
          length_max={64}
          help={t('sums.uid_help')}
          fault={missing(uid)}
          on_change={setUid}
        />
      )}
      <TextField
        label={t('sums.register')}
        value={settings.register}
        is_mono
        length_max={53}
        on_change={(register) => setSettings((before) => ({ ...before, register }))}
      />
      <TextField
        label={t('processing.unit')}
        value={settings.unit}
        length_max={16}
        on_change={(unit) => setSettings((before) => ({ ...before, unit }))}
      />
      <TextField
        label={t('processing.digits')}
        value={String(0 - settings.exponent)}
        is_number
        length_max={1}
        help={t('sums.digits_help')}
        on_change={(digits) => setSettings((before) => ({ ...before, exponent: 0 - Number(digits.replace(/\D/g, '')) }))}
      />
      {number('interval_s', t('sums.interval'))}
      {number('wait_s', t('sums.wait'), t('sums.wait_help'))}
      {number('tolerance_s', t('sums.tolerance'), t('sums.tolerance_help'))}
      <SelectField
        label={t('sums.channel')}
        value={channel}
        none={t('sums.no_channel')}
        help={t('sums.channel_help')}
        options={(plan.data?.channels ?? []).map(({ name, devices }) => ({ value: name, label: `${name} (${devices})` }))}
        on_change={setChannel}
      />
      <MemberPicker gateway_id={gateway_id} members={members} on_change={setMembers} />
      {was_tried && nobody && (
        <p className="is-fault is-wide" role="alert">
          {t('sums.nobody')}
        </p>
      )}
      <TextField
        label={t('processing.reason')}
        value={reason}
        is_wide
        length_max={500}
        fault={missing(reason)}
        on_change={setReason}
      />
      <div className="form-actions">
        <button type="submit" className="button button-main" disabled={set.isPending}>
          {t('processing.set')}
        </button>
      </div>
      {set.isError && <ProblemView error={set.error} />}
    </form>
  );
}
