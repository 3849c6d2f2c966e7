import { useQuery } from '@tanstack/react-query';
import { queries } from '../../api/queries.ts';
import { Field, SelectField, TextField } from '../../components/field.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { drawable, register_label } from '../devices/registers.ts';
import { faults_of, type InstallationInput } from './installation.ts';

export function TimeField(props: {
  label: string;
  value: string;
  fault?: string | undefined;
  on_change: (value: string) => void;
}) {
  return (
    <Field label={props.label} fault={props.fault}>
      {(attributes) => (
        <input
          {...attributes}
          type="datetime-local"
          className="field-input"
          value={props.value}
          onChange={({ target }) => props.on_change(target.value)}
        />
      )}
    </Field>
  );
}

/** The meter that comes to a point: which, which register, with which ratio and first reading. */
export function InstallationFields({
  input,
  is_tried,
  on_change,
}: {
  input: InstallationInput;
  is_tried: boolean;
  on_change: (input: InstallationInput) => void;
}) {
  const { t } = useLanguage();
  const id = /^\d{1,15}$/.test(input.device) ? Number(input.device) : 0;
  const device = useQuery({ ...queries.device(id), enabled: id > 0, retry: false });
  const registers = device.data ? drawable(device.data.registers) : [];
  const wrong = is_tried ? faults_of(input) : [];
  const fault = (name: keyof InstallationInput) => (wrong.includes(name) ? t('points.number_fault') : undefined);
  const set = (name: keyof InstallationInput) => (value: string) => on_change({ ...input, [name]: value });
  return (
    <div className="point-fields">
      <TextField
        label={t('points.device_id')}
        value={input.device}
        on_change={set('device')}
        is_number
        help={device.data ? `${device.data.name} · ${device.data.address}` : t('points.device_id_help')}
        fault={fault('device')}
      />
      <SelectField
        label={t('points.register')}
        value={input.register}
        options={(registers.some(({ register }) => register === input.register)
          ? registers.map(({ register }) => register)
          : [input.register, ...registers.map(({ register }) => register)]
        ).map((name) => ({ value: name, label: register_label(name, t) }))}
        on_change={(value) => value && set('register')(value)}
      />
      <TextField
        label={t('points.ratio')}
        value={input.ratio}
        on_change={set('ratio')}
        is_number
        help={t('points.ratio_help')}
        fault={fault('ratio')}
      />
      <TextField
        label={t('points.digits')}
        value={input.digits}
        on_change={set('digits')}
        is_number
        help={t('points.digits_help')}
        fault={fault('digits')}
      />
      <TextField
        label={t('points.start')}
        value={input.start}
        on_change={set('start')}
        is_number
        is_mono
        fault={fault('start')}
      />
    </div>
  );
}
