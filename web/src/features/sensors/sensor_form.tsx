import { TextField } from '../../components/field.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import type { NewCalibration, Sensor, SensorDetails } from './sensor_api.ts';

export interface DetailsInput {
  quantity: string;
  accuracy_class: string;
  range_low: string;
  range_high: string;
  range_unit: string;
  protection: string;
  serial_number: string;
}
export interface CalibrationInput {
  on: string;
  interval_days: string;
  certificate: string;
}
export const no_calibration: CalibrationInput = { on: '', interval_days: '365', certificate: '' };

export function details_input(sensor?: Sensor): DetailsInput {
  return {
    quantity: sensor?.quantity ?? '',
    accuracy_class: sensor?.accuracy_class ?? '',
    range_low: sensor?.range_low ?? '',
    range_high: sensor?.range_high ?? '',
    range_unit: sensor?.range_unit ?? '',
    protection: sensor?.protection ?? '',
    serial_number: sensor?.serial_number ?? '',
  };
}

export function details_of(input: DetailsInput): SensorDetails {
  const { range_low, range_high, ...texts } = input;
  return { ...texts, range_low: range_low.trim() || null, range_high: range_high.trim() || null };
}

/** Nothing when no date was given. */
export function calibration_of({ on, interval_days, certificate }: CalibrationInput): NewCalibration | null {
  return on ? { on, interval_days: Number(interval_days) || 0, certificate: certificate.trim() } : null;
}

const quantities = ['temperature', 'pressure', 'flow', 'heat', 'energy', 'volume'];

export function DetailsFields({ input, on_change }: { input: DetailsInput; on_change: (input: DetailsInput) => void }) {
  const { t } = useLanguage();
  const field = (name: keyof DetailsInput, label: string, is_number = false) => (
    <TextField
      label={label}
      value={input[name]}
      is_number={is_number}
      suggestions={name === 'quantity' ? quantities : []}
      on_change={(value) => on_change({ ...input, [name]: value })}
    />
  );
  return (
    <div className="sensor-fields">
      {field('quantity', t('sensors.quantity'))}
      {field('accuracy_class', t('sensors.class'))}
      {field('range_low', t('sensors.range_low'), true)}
      {field('range_high', t('sensors.range_high'), true)}
      {field('range_unit', t('sensors.range_unit'))}
      {field('protection', t('sensors.protection'))}
      {field('serial_number', t('sensors.serial'))}
    </div>
  );
}

export function DateField({ label, value, on_change }: { label: string; value: string; on_change: (value: string) => void }) {
  return (
    <div className="field">
      <label>
        {label}
        <input type="date" className="field-input" value={value} onChange={({ target }) => on_change(target.value)} />
      </label>
    </div>
  );
}

export function CalibrationFields({
  input,
  on_change,
}: {
  input: CalibrationInput;
  on_change: (input: CalibrationInput) => void;
}) {
  const { t } = useLanguage();
  return (
    <div className="sensor-fields">
      <DateField label={t('sensors.calibrated_on')} value={input.on} on_change={(on) => on_change({ ...input, on })} />
      <TextField
        label={t('sensors.interval')}
        value={input.interval_days}
        is_number
        on_change={(interval_days) => on_change({ ...input, interval_days })}
      />
      <TextField
        label={t('sensors.certificate')}
        value={input.certificate}
        on_change={(certificate) => on_change({ ...input, certificate })}
      />
    </div>
  );
}
