import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { Adoption, UnknownDevice } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { SelectField } from '../../components/field.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Age } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';

function useColumns(chosen: ReadonlySet<number>, toggle: (id: number) => void): Column<UnknownDevice>[] {
  const { t } = useLanguage();
  return [
    {
      key: 'chosen',
      header: t('called_in.column_chosen'),
      is_corner: true,
      cell: ({ id, address }) => (
        <input type="checkbox" aria-label={address} checked={chosen.has(id)} onChange={() => toggle(id)} />
      ),
    },
    {
      key: 'address',
      header: t('device.address'),
      is_title: true,
      cell: ({ address }) => <span className="mono">{address}</span>,
    },
    { key: 'protocol', header: t('device.protocol'), cell: ({ protocol }) => protocol },
    { key: 'gateway', header: t('device.gateway'), cell: ({ gateway, listener }) => `${gateway.name} · ${listener}` },
    { key: 'peer', header: t('called_in.column_peer'), is_minor: true, cell: ({ peer }) => <span className="mono">{peer}</span> },
    {
      key: 'calls',
      header: t('called_in.column_calls'),
      align: 'end',
      cell: ({ calls }) => <span className="number">{calls}</span>,
    },
    { key: 'last', header: t('called_in.column_last'), align: 'end', cell: ({ last_heard_at }) => <Age time={last_heard_at} /> },
  ];
}

function Adopt({ devices, on_done }: { devices: readonly UnknownDevice[]; on_done: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const tree = useQuery(queries.organisations());
  const models = devices[0]?.models.filter((id) => devices.every((device) => device.models.includes(id))) ?? [];
  const [model, setModel] = useState<string | undefined>(undefined);
  const [organisation_id, setOrganisation] = useState<number | undefined>(undefined);
  const [site_id, setSite] = useState<number | undefined>(undefined);
  // Of several nobody but the user can know which it is.
  const only = models.length === 1 ? models[0] : undefined;
  const chosen_model = model && models.includes(model) ? model : only;
  const settled = () => {
    for (const key of ['unknown_devices', 'devices', 'overview', 'gateway_plan'])
      void client.invalidateQueries({ queryKey: [key] });
    on_done();
  };
  const adopt = useMutation({ mutationFn: (body: Adoption) => api.adopt(body), onSuccess: settled });
  const dismiss = useMutation({ mutationFn: () => api.dismiss(devices.map(({ id }) => id)), onSuccess: settled });
  const failure = adopt.error ?? dismiss.error;
  return (
    <Panel title={t('called_in.adopt_title', { count: devices.length })}>
      {models.length === 0 && <p className="notice">{t('called_in.mixed')}</p>}
      <div className="form">
        <SelectField
          label={t('device.model')}
          value={chosen_model}
          none={t('jobs.choose')}
          options={models.map((id) => ({ value: id, label: id }))}
          on_change={setModel}
        />
        <SelectField
          label={t('device.organisation')}
          value={organisation_id}
          none={t('onboarding.own_organisation')}
          options={(tree.data?.organisations ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          on_change={setOrganisation}
        />
        <SelectField
          label={t('device.site')}
          value={site_id}
          none={t('onboarding.no_site')}
          options={(tree.data?.sites ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          on_change={setSite}
        />
        <div className="form-actions">
          <button
            type="button"
            className="button button-main"
            disabled={!chosen_model || adopt.isPending}
            onClick={() =>
              chosen_model &&
              adopt.mutate({
                devices: devices.map(({ id }) => ({
                  id,
                  model: chosen_model,
                  ...(organisation_id === undefined ? {} : { organisation_id }),
                  ...(site_id === undefined ? {} : { site_id }),
                })),
              })
            }
          >
            {t('called_in.adopt')}
          </button>
          <button
            type="button"
            className="button"
            disabled={dismiss.isPending}
            title={t('called_in.dismiss_hint')}
            onClick={() => dismiss.mutate()}
          >
            {t('called_in.dismiss')}
          </button>
        </div>
        {failure && <ProblemView error={failure} />}
      </div>
    </Panel>
  );
}

/** Meters that called in and are in nobody's list. */
export default function CalledInPart() {
  const { t } = useLanguage();
  const unknown = useQuery({ ...queries.unknown_devices(), refetchInterval: 5_000 });
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const toggle = (id: number) =>
    setChosen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const columns = useColumns(chosen, toggle);
  const rows = unknown.data?.devices ?? [];
  const wanted = rows.filter(({ id }) => chosen.has(id));
  if (unknown.isError) return <ProblemView error={unknown.error} on_retry={() => void unknown.refetch()} />;
  if (unknown.isPending) return <Skeleton rows={6} height={28} />;
  if (rows.length === 0) return <Empty title={t('called_in.empty')} hint={t('called_in.empty_hint')} />;
  return (
    <>
      <p className="page-text">{t('called_in.text')}</p>
      {wanted.length > 0 && <Adopt devices={wanted} on_done={() => setChosen(new Set())} />}
      <div className="form-actions called-in-choose">
        <button type="button" className="button button-small" onClick={() => setChosen(new Set(rows.map(({ id }) => id)))}>
          {t('called_in.choose_all')}
        </button>
        <button type="button" className="button button-small" disabled={wanted.length === 0} onClick={() => setChosen(new Set())}>
          {t('called_in.choose_none')}
        </button>
      </div>
      <DataTable caption={t('onboarding.called_in')} columns={columns} rows={rows} row_key={({ id }) => id} />
    </>
  );
}
