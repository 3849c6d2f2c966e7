import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { queries } from '../../api/queries.ts';
import { Dialog } from '../../components/dialog.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { type Equipment, type EquipmentKind, equipment_api, equipment_queries, type NewEquipment } from './equipment_api.ts';

export const kinds: readonly EquipmentKind[] = ['switch', 'router', 'access_point', 'serial_server', 'cellular_router'];

function start(of: Equipment | undefined): NewEquipment {
  if (!of) return { kind: 'switch', name: '' };
  return {
    kind: of.kind,
    name: of.name,
    maker: of.maker,
    model: of.model,
    serial: of.serial,
    address: of.address,
    organisation_id: of.organisation.id,
    site_id: of.site?.id ?? 0,
    gateway_id: of.gateway?.id ?? 0,
    parent_id: of.parent?.id ?? 0,
  };
}

/** A new piece, or one to be changed. */
export function EquipmentForm({ of, on_close }: { of?: Equipment; on_close: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [input, setInput] = useState(() => start(of));
  const change = (part: Partial<NewEquipment>) => setInput((before) => ({ ...before, ...part }));
  const gateways = useQuery(queries.gateways());
  const organisations = useQuery(queries.organisations());
  const others = useQuery(equipment_queries.topology());
  const save = useMutation({
    mutationFn: async () => {
      if (of) await equipment_api.update(of.id, input);
      else await equipment_api.create(input);
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['equipment'] });
      on_close();
    },
  });
  const texts = [
    ['name', 200],
    ['address', 255],
    ['maker', 200],
    ['model', 200],
    ['serial', 100],
  ] as const;
  return (
    <Dialog title={t(of ? 'equipment.change' : 'equipment.new')} on_close={on_close}>
      <form
        className="edit-form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <SelectField
          label={t('equipment.kind')}
          value={input.kind}
          options={kinds.map((kind) => ({ value: kind, label: t(`equipment.kind_${kind}`) }))}
          on_change={(kind) => kind && change({ kind })}
        />
        {texts.map(([key, length_max]) => (
          <TextField
            key={key}
            label={t(`equipment.${key}`)}
            value={input[key] ?? ''}
            length_max={length_max}
            is_mono={key === 'address' || key === 'serial'}
            on_change={(value) => change({ [key]: value })}
          />
        ))}
        <SelectField
          label={t('equipment.organisation')}
          value={input.organisation_id || undefined}
          options={(organisations.data?.organisations ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          none={t('equipment.none')}
          on_change={(id) => change({ organisation_id: id ?? 0 })}
        />
        <SelectField
          label={t('equipment.gateway')}
          value={input.gateway_id || undefined}
          options={(gateways.data?.gateways ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          none={t('equipment.none')}
          on_change={(id) => change({ gateway_id: id ?? 0 })}
        />
        <SelectField
          label={t('equipment.parent')}
          value={input.parent_id || undefined}
          options={(others.data?.nodes ?? [])
            .filter(({ id }) => id !== of?.id)
            .map(({ id, name }) => ({ value: id, label: name }))}
          none={t('equipment.none')}
          on_change={(id) => change({ parent_id: id ?? 0 })}
        />
        {save.isError && <ProblemView error={save.error} />}
        <button type="submit" className="button button-main" disabled={save.isPending || !input.name.trim()}>
          {t('equipment.save')}
        </button>
      </form>
    </Dialog>
  );
}
