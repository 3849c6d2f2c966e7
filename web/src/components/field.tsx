import { type ReactNode, useId } from 'react';

export interface FieldProps {
  label: string;
  help?: string | undefined;
  /** Why the platform, or we, refuse what stands there. */
  fault?: string | undefined;
  is_wide?: boolean;
  /** Gets what the input needs to be named and described by this field. */
  children: (attributes: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }) => ReactNode;
}

/** A labelled input with its help and, when it was refused, the reason. */
export function Field({ label, help, fault, is_wide = false, children }: FieldProps) {
  const id = useId();
  const note = fault ?? help;
  return (
    <div className={is_wide ? 'field is-wide' : 'field'}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(note ? { 'aria-describedby': `${id}-note` } : {}),
        ...(fault ? { 'aria-invalid': true as const } : {}),
      })}
      {note && (
        <p id={`${id}-note`} className={fault ? 'field-note is-fault' : 'field-note'} {...(fault ? { role: 'alert' } : {})}>
          {note}
        </p>
      )}
    </div>
  );
}

interface TextFieldProps {
  label: string;
  value: string;
  on_change: (value: string) => void;
  help?: string | undefined;
  fault?: string | undefined;
  placeholder?: string | undefined;
  is_secret?: boolean;
  is_number?: boolean;
  is_mono?: boolean;
  is_wide?: boolean;
  suffix?: string | undefined;
  length_max?: number;
  suggestions?: readonly string[];
}

export function TextField(props: TextFieldProps) {
  const { label, value, on_change, help, fault, placeholder, is_secret, is_number, is_mono, is_wide, suffix } = props;
  const list = useId();
  return (
    <Field label={label} help={help} fault={fault} is_wide={is_wide ?? false}>
      {(attributes) => (
        <span className="field-frame">
          <input
            {...attributes}
            className={is_mono ? 'field-input mono' : 'field-input'}
            type={is_secret ? 'password' : 'text'}
            inputMode={is_number ? 'decimal' : undefined}
            // A meter's password is no login of this site's.
            autoComplete={is_secret ? 'new-password' : 'off'}
            spellCheck={false}
            maxLength={props.length_max}
            value={value}
            placeholder={placeholder}
            {...(props.suggestions ? { list } : {})}
            onChange={({ target }) => on_change(target.value)}
          />
          {suffix && <span className="field-suffix">{suffix}</span>}
          {props.suggestions && (
            <datalist id={list}>
              {props.suggestions.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          )}
        </span>
      )}
    </Field>
  );
}

interface SelectFieldProps<Value extends string | number> {
  label: string;
  value: Value | undefined;
  options: readonly { value: Value; label: string }[];
  on_change: (value: Value | undefined) => void;
  none?: string;
  help?: string | undefined;
  fault?: string | undefined;
}

export function SelectField<Value extends string | number>(props: SelectFieldProps<Value>) {
  const { label, value, options, on_change, none, help, fault } = props;
  return (
    <Field label={label} help={help} fault={fault}>
      {(attributes) => (
        <select
          {...attributes}
          className="field-input"
          value={value === undefined ? '' : String(value)}
          onChange={({ target }) => on_change(options.find((option) => String(option.value) === target.value)?.value)}
        >
          {(none !== undefined || value === undefined) && <option value="">{none ?? ''}</option>}
          {options.map((option) => (
            <option key={option.value} value={String(option.value)}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
