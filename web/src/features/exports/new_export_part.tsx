import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { ExportBy, ExportFormat, NewExport } from '../../api/types.ts';
import { Field, SelectField, TextField } from '../../components/field.tsx';
import { Panel } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { civil_date, iso_date, normal_date, parse_iso_date, start_of_day, usable_time_zone } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import '../orders/orders.css';

const formats: readonly ExportFormat[] = ['csv', 'xlsx', 'parquet', 'json_lines'];
const contents: readonly ExportBy[] = ['reading', 'hour', 'day', 'week', 'month', 'year'];
type ScopeName = 'device' | 'site' | 'all';

/** What most people want of many devices; of one device all it has is offered. */
const usual_registers = [
  'energy_active_import_total',
  'energy_active_export_total',
  'voltage_a',
  'voltage_b',
  'voltage_c',
  'current_a',
  'current_b',
  'current_c',
  'power_active_total',
  'power_reactive_total',
  'power_factor_total',
  'frequency',
] as const;

interface Wanted {
  scope: ScopeName;
  site: number | undefined;
  registers: readonly string[];
  from: string;
  to: string;
  by: ExportBy;
  format: ExportFormat;
  byte_order_mark: boolean;
  name: string;
}

/** Whole civil days of the zone; nothing when they are none, or the wrong way round. */
export function range_of(from: string, to: string, time_zone: string): { from: string; to: string } | null {
  const first = parse_iso_date(from);
  const last = parse_iso_date(to);
  if (!first || !last) return null;
  const from_ms = start_of_day(first, time_zone);
  const to_ms = start_of_day(normal_date(last.year, last.month, last.day + 1), time_zone);
  return from_ms < to_ms ? { from: new Date(from_ms).toISOString(), to: new Date(to_ms).toISOString() } : null;
}

function body_of(wanted: Wanted, device: number | undefined, time_zone: string): NewExport | null {
  const range = range_of(wanted.from, wanted.to, time_zone);
  if (!range) return null;
  const scope =
    wanted.scope === 'device' && device !== undefined
      ? { device_ids: [device] }
      : wanted.scope === 'site'
        ? wanted.site === undefined
          ? null
          : { site_ids: [wanted.site] }
        : { all_devices: true };
  if (!scope) return null;
  return {
    ...scope,
    ...range,
    by: wanted.by,
    format: wanted.format,
    time_zone,
    byte_order_mark: wanted.format === 'csv' && wanted.byte_order_mark,
    ...(wanted.registers.length > 0 ? { registers: [...wanted.registers] } : {}),
    ...(wanted.name.trim() ? { name: wanted.name.trim() } : {}),
  };
}

function Registers({
  names,
  chosen,
  on_change,
}: {
  names: readonly string[];
  chosen: readonly string[];
  on_change: (chosen: string[]) => void;
}) {
  const { t } = useLanguage();
  return (
    <fieldset className="register-choices is-wide">
      <legend className="field-label">
        {t('exports.registers')} <span className="faint">{t('exports.registers_help')}</span>
      </legend>
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

function Day({
  label,
  value,
  fault,
  on_change,
}: {
  label: string;
  value: string;
  fault?: string | undefined;
  on_change: (value: string) => void;
}) {
  return (
    <Field label={label} fault={fault}>
      {(attributes) => (
        <input
          {...attributes}
          type="date"
          className="field-input"
          value={value}
          onChange={({ target }) => on_change(target.value)}
        />
      )}
    </Field>
  );
}

/** What to export, and how. */
export default function NewExportPart() {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [parameters] = useSearchParams();
  const device_id = Number(parameters.get('device')) || undefined;
  const device = useQuery({ ...queries.device(device_id ?? 0), enabled: device_id !== undefined });
  const tree = useQuery(queries.organisations());
  const time_zone = usable_time_zone(undefined);
  const today = civil_date(Date.now(), time_zone);
  const [wanted, setWanted] = useState<Wanted>({
    scope: device_id === undefined ? 'all' : 'device',
    site: undefined,
    registers: parameters.getAll('register'),
    from: iso_date(normal_date(today.year, today.month, today.day - 6)),
    to: iso_date(today),
    by: 'reading',
    format: 'csv',
    byte_order_mark: true,
    name: '',
  });
  const [is_tried, setTried] = useState(false);
  const set = (change: Partial<Wanted>) => setWanted((before) => ({ ...before, ...change }));
  const create = useMutation({
    mutationFn: (body: NewExport) => api.create_export(body),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: queries.exports().queryKey });
      navigate('/exports');
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const body = body_of(wanted, device_id, time_zone);
    if (body) create.mutate(body);
  };
  const scopes: ScopeName[] = device_id === undefined ? ['site', 'all'] : ['device', 'site', 'all'];
  const names =
    wanted.scope === 'device' && device.data
      ? [...new Set(device.data.registers.map(({ register }) => register))]
      : usual_registers;
  return (
    <Panel title={t('exports.new')} note={t('exports.zone', { zone: time_zone })}>
      <form className="form" onSubmit={submit} noValidate>
        <SelectField
          label={t('exports.scope')}
          value={wanted.scope}
          options={scopes.map((value) => ({ value, label: t(`exports.scope_${value}`) }))}
          help={wanted.scope === 'device' ? device.data?.name : undefined}
          on_change={(scope) => scope && set({ scope, registers: [] })}
        />
        {wanted.scope === 'site' && (
          <SelectField
            label={t('exports.site')}
            value={wanted.site}
            options={(tree.data?.sites ?? []).map(({ id, name }) => ({ value: id, label: name }))}
            fault={is_tried && wanted.site === undefined ? t('exports.choose_site') : undefined}
            on_change={(site) => set({ site })}
          />
        )}
        <Day label={t('exports.from')} value={wanted.from} on_change={(from) => set({ from })} />
        <Day
          label={t('exports.to')}
          value={wanted.to}
          fault={range_of(wanted.from, wanted.to, time_zone) ? undefined : t('exports.range_fault')}
          on_change={(to) => set({ to })}
        />
        <SelectField
          label={t('exports.by')}
          value={wanted.by}
          options={contents.map((value) => ({ value, label: t(`exports.by_${value}`) }))}
          help={wanted.by === 'reading' ? undefined : t('exports.by_help')}
          on_change={(by) => by && set({ by })}
        />
        <SelectField
          label={t('exports.format')}
          value={wanted.format}
          options={formats.map((value) => ({ value, label: t(`exports.format_${value}`) }))}
          on_change={(format) => format && set({ format })}
        />
        <TextField
          label={t('exports.name')}
          help={t('exports.name_help')}
          value={wanted.name}
          length_max={60}
          on_change={(name) => set({ name })}
        />
        {wanted.format === 'csv' && (
          <label className="check-line is-wide">
            <input
              type="checkbox"
              checked={wanted.byte_order_mark}
              onChange={({ target }) => set({ byte_order_mark: target.checked })}
            />
            {t('exports.byte_order_mark')}
          </label>
        )}
        <Registers names={names} chosen={wanted.registers} on_change={(registers) => set({ registers })} />
        <div className="form-actions is-wide">
          <button type="submit" className="button button-main" disabled={create.isPending}>
            {t('exports.begin')}
          </button>
        </div>
      </form>
      {create.isError && <ProblemView error={create.error} />}
    </Panel>
  );
}
