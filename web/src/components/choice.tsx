import { Icon } from './icons.tsx';

interface ChoiceProps<Value extends string | number> {
  label: string;
  /** undefined: none of them. */
  value: Value | undefined;
  options: readonly { value: Value; label: string }[];
  /** What stands there while nothing is chosen; without it something always is. */
  none?: string;
  class_name?: string;
  on_change: (value: Value | undefined) => void;
}

/** The browser's own list of choices, in our clothes: it needs no code to be loaded and is at home on a phone. */
export function Choice<Value extends string | number>(props: ChoiceProps<Value>) {
  const { label, value, options, none, class_name, on_change } = props;
  const is_known = value === undefined || options.some((option) => option.value === value);
  return (
    <span className={`choice ${class_name ?? ''} ${value === undefined ? 'is-none' : ''}`}>
      <select
        aria-label={label}
        value={value === undefined ? '' : String(value)}
        onChange={({ target }) => on_change(options.find((option) => String(option.value) === target.value)?.value)}
      >
        {none !== undefined && <option value="">{none}</option>}
        {/* What the address names may not be loaded yet, or be gone. */}
        {!is_known && <option value={String(value)}>{String(value)}</option>}
        {options.map((option) => (
          <option key={option.value} value={String(option.value)}>
            {option.label}
          </option>
        ))}
      </select>
      <Icon name="down" size={12} />
    </span>
  );
}
