import type { ModelArgument } from '../../api/types.ts';
import { SelectField, TextField } from '../../components/field.tsx';
import type { Refusal } from '../../components/field_refusal.ts';
import { type Translate, useLanguage } from '../../i18n/index.tsx';
import { title_in } from './titles.ts';

export type Values = Record<string, string>;

/** What an argument may be, in words: its range and unit. */
export function argument_help(argument: ModelArgument, t: Translate): string | undefined {
  const { minimum, maximum, unit = '' } = argument;
  if (argument.type === 'time') return t('orders.time_help');
  if (minimum !== undefined && maximum !== undefined)
    return t('orders.range', { minimum, maximum, unit: unit && ` ${unit}` }).trim();
  return argument.required ? undefined : t('orders.optional');
}

/** Why what was typed cannot be right; nothing when it may be. The platform decides in the end. */
export function argument_fault(argument: ModelArgument, value: string, t: Translate): string | undefined {
  if (value === '') return argument.required ? t('orders.missing') : undefined;
  if (argument.type === 'integer' && !/^[+-]?\d+$/.test(value)) return t('orders.not_integer');
  if (argument.type === 'decimal' && !/^[+-]?\d+(\.\d+)?$/.test(value)) return t('orders.not_decimal');
  if (argument.type !== 'integer' && argument.type !== 'decimal') return undefined;
  const number = Number(value);
  if (argument.minimum !== undefined && number < Number(argument.minimum)) return t('orders.too_small');
  if (argument.maximum !== undefined && number > Number(argument.maximum)) return t('orders.too_large');
  return undefined;
}

interface Props {
  inputs: readonly ModelArgument[];
  values: Values;
  /** Faults are shown only once the user has tried. */
  was_tried: boolean;
  refusal: Refusal | undefined;
  on_change: (name: string, value: string) => void;
}

/** The inputs of a command or parameter, as its model describes them. */
export function OperationInputs({ inputs, values, was_tried, refusal, on_change }: Props) {
  const { t, language } = useLanguage();
  return inputs.map((argument) => {
    const value = values[argument.name] ?? '';
    const told = refusal?.field === argument.name ? refusal.message : undefined;
    const fault = told ?? (was_tried ? argument_fault(argument, value, t) : undefined);
    const label = title_in(language, argument);
    if (argument.type === 'choice') {
      return (
        <SelectField
          key={argument.name}
          label={label}
          value={value === '' ? undefined : value}
          options={(argument.choices ?? []).map((choice) => ({
            value: choice.value,
            label: title_in(language, { name: choice.value, ...choice }),
          }))}
          fault={fault}
          help={argument_help(argument, t)}
          on_change={(chosen) => on_change(argument.name, chosen ?? '')}
        />
      );
    }
    return (
      <TextField
        key={argument.name}
        label={label}
        value={value}
        fault={fault}
        help={argument_help(argument, t)}
        is_secret={argument.is_secret ?? false}
        is_number={argument.type === 'integer' || argument.type === 'decimal'}
        suffix={argument.unit}
        placeholder={argument.type === 'time' ? '2026-11-21 08:00:00' : undefined}
        on_change={(text) => on_change(argument.name, text.trim())}
      />
    );
  });
}
