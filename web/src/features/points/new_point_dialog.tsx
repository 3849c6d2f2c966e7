import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { NewPoint } from '../../api/types.ts';
import { Dialog } from '../../components/dialog.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { usable_time_zone } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { faults_of, installation_of, local_time, no_installation } from './installation.ts';
import { InstallationFields, TimeField } from './installation_fields.tsx';

/** A new point, with the meter that is there or without one. */
export function NewPointDialog({ on_close }: { on_close: () => void }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const client = useQueryClient();
  const tree = useQuery(queries.organisations());
  const [name, setName] = useState('');
  const [organisation, setOrganisation] = useState<number | undefined>();
  const [site, setSite] = useState<number | undefined>();
  const [has_device, setHasDevice] = useState(true);
  const [since, setSince] = useState('');
  const [input, setInput] = useState(no_installation);
  const [is_tried, setIsTried] = useState(false);
  const sites = tree.data?.sites ?? [];
  const organisations = tree.data?.organisations ?? [];
  const only = organisations.length === 1 ? organisations[0]?.id : undefined;
  const owner = organisation ?? only;
  const time_zone = usable_time_zone(sites.find(({ id }) => id === site)?.time_zone);
  const at = local_time(since, time_zone);
  const create = useMutation({
    mutationFn: (body: NewPoint) => api.create_point(body),
    onSuccess: async (point) => {
      await client.invalidateQueries({ queryKey: ['points'] });
      navigate(`/points/${point.id}`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (!name.trim() || owner === undefined || (has_device && (!at || faults_of(input).length > 0))) return;
    create.mutate({
      name: name.trim(),
      organisation_id: owner,
      ...(site === undefined ? {} : { site_id: site }),
      ...(has_device && at ? { at, installation: installation_of(input) } : {}),
    });
  };
  const needed = (is_there: boolean) => (is_tried && !is_there ? t('points.needed') : undefined);
  return (
    <Dialog title={t('points.new')} on_close={on_close}>
      <form className="edit-form" onSubmit={submit}>
        <TextField
          label={t('points.name')}
          value={name}
          on_change={setName}
          length_max={100}
          fault={needed(name.trim() !== '')}
        />
        <SelectField
          label={t('points.organisation')}
          value={owner}
          options={organisations.map(({ id, name: label }) => ({ value: id, label }))}
          on_change={setOrganisation}
          fault={needed(owner !== undefined)}
        />
        <SelectField
          label={t('points.site')}
          value={site}
          none="–"
          options={sites.map(({ id, name: label }) => ({ value: id, label }))}
          on_change={setSite}
        />
        <label className="check-line">
          <input type="checkbox" checked={!has_device} onChange={({ target }) => setHasDevice(!target.checked)} />
          {t('points.without_device')}
        </label>
        {has_device && (
          <>
            <TimeField label={t('points.since')} value={since} on_change={setSince} fault={needed(at !== null)} />
            <InstallationFields input={input} is_tried={is_tried} on_change={setInput} />
          </>
        )}
        {create.isError && <ProblemView error={create.error} />}
        <div className="edit-actions">
          <button type="submit" className="button button-main" disabled={create.isPending}>
            {t('points.create')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
