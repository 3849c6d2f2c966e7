import { is_message_key, type Translate } from '../../i18n/index.tsx';

/** What an argument of a command is called; its own name, made readable, when it is not known here. */
export function argument_label(name: string, t: Translate): string {
  const key = `argument.${name}`;
  return is_message_key(key) ? t(key as 'argument.speed') : name.replaceAll('_', ' ');
}

/** What was given, in words where the model has it as a choice among words. */
export function argument_text(name: string, value: string, t: Translate): string {
  const key = `argument_value.${name}_${value}`;
  if (is_message_key(key)) return t(key as 'argument_value.parity_odd');
  return name === 'speed' ? `${value} bit/s` : value;
}
