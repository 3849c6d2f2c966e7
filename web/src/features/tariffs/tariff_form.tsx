import { Field, SelectField, TextField } from '../../components/field.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import type { NewTariff, Tariff, Utility } from './tariff_api.ts';

export const utilities: readonly Utility[] = ['electricity', 'water', 'gas', 'heat'];

export interface TariffInput {
  code: string;
  name_zh: string;
  name_en: string;
  utility: Utility;
  valid_from: string;
  valid_to: string;
}

export const tariff_input = (tariff?: Tariff): TariffInput => ({
  code: tariff?.code ?? '',
  name_zh: tariff?.name_zh ?? '',
  name_en: tariff?.name_en ?? '',
  utility: tariff?.utility ?? 'electricity',
  valid_from: tariff?.valid_from ?? '',
  valid_to: tariff?.valid_to ?? '',
});

export const tariff_of = (input: TariffInput): NewTariff => ({
  ...input,
  name_zh: input.name_zh.trim(),
  name_en: input.name_en.trim(),
  valid_to: input.valid_to || null,
});

export const is_whole = (input: TariffInput) =>
  /^[a-z0-9_-]{1,32}$/.test(input.code) && input.name_zh.trim() !== '' && input.name_en.trim() !== '' && input.valid_from !== '';

export function DayField(props: {
  label: string;
  value: string;
  help?: string;
  fault?: string | undefined;
  on_change: (value: string) => void;
}) {
  return (
    <Field label={props.label} help={props.help} fault={props.fault}>
      {(attributes) => (
        <input
          {...attributes}
          type="date"
          className="field-input"
          value={props.value}
          onChange={({ target }) => props.on_change(target.value)}
        />
      )}
    </Field>
  );
}

/** What is said of a tariff. The code is for good. */
export function TariffFields({
  input,
  is_known,
  is_tried,
  on_change,
}: {
  input: TariffInput;
  is_known: boolean;
  is_tried: boolean;
  on_change: (input: TariffInput) => void;
}) {
  const { t } = useLanguage();
  const needed = (is_there: boolean) => (is_tried && !is_there ? t('tariffs.needed') : undefined);
  const set = (name: keyof TariffInput) => (value: string) => on_change({ ...input, [name]: value });
  return (
    <div className="point-fields">
      {!is_known && (
        <TextField
          label={t('tariffs.column_code')}
          value={input.code}
          is_mono
          length_max={32}
          help={t('tariffs.code_help')}
          fault={is_tried && !/^[a-z0-9_-]{1,32}$/.test(input.code) ? t('tariffs.code_help') : undefined}
          on_change={set('code')}
        />
      )}
      <TextField
        label={t('tariffs.name_zh')}
        value={input.name_zh}
        length_max={30}
        fault={needed(input.name_zh.trim() !== '')}
        on_change={set('name_zh')}
      />
      <TextField
        label={t('tariffs.name_en')}
        value={input.name_en}
        length_max={100}
        fault={needed(input.name_en.trim() !== '')}
        on_change={set('name_en')}
      />
      <SelectField
        label={t('tariffs.column_utility')}
        value={input.utility}
        options={utilities.map((one) => ({ value: one, label: t(`tariffs.utility_${one}`) }))}
        on_change={(utility) => utility && on_change({ ...input, utility })}
      />
      <DayField
        label={t('tariffs.valid_from')}
        value={input.valid_from}
        fault={needed(input.valid_from !== '')}
        on_change={set('valid_from')}
      />
      <DayField
        label={t('tariffs.valid_to')}
        value={input.valid_to}
        help={t('tariffs.valid_to_help')}
        on_change={set('valid_to')}
      />
    </div>
  );
}
