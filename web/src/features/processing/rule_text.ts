import type { Translate } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import type { Rule } from './processing_api.ts';

export type Scale = 'none' | 'factor' | 'line';
export type FilterKind = 'none' | 'mean' | 'median' | 'first_order';

/** A rule as somebody types it. */
export interface RuleDraft {
  from: string;
  into: string;
  unit: string;
  digits: string;
  scale: Scale;
  gain: string;
  offset: string;
  from_low: string;
  from_high: string;
  to_low: string;
  to_high: string;
  fail_below: string;
  fail_above: string;
  filter: FilterKind;
  window: string;
  coefficient: string;
  dead_band: string;
}

export const empty_draft: RuleDraft = {
  from: '',
  into: '',
  unit: '',
  digits: '2',
  scale: 'none',
  gain: '1',
  offset: '0',
  from_low: '4',
  from_high: '20',
  to_low: '0',
  to_high: '',
  fail_below: '',
  fail_above: '',
  filter: 'median',
  window: '5',
  coefficient: '1/3',
  dead_band: '',
};

export function draft_of(rule: Rule): RuleDraft {
  const is_plain = !rule.line && Number(rule.gain ?? 1) === 1 && Number(rule.offset ?? 0) === 0;
  return {
    ...empty_draft,
    from: rule.from,
    into: rule.into,
    unit: rule.unit ?? '',
    digits: String(-rule.exponent),
    scale: rule.line ? 'line' : is_plain ? 'none' : 'factor',
    gain: rule.gain ?? '1',
    offset: rule.offset ?? '0',
    ...(rule.line ?? {}),
    fail_below: rule.fail_below ?? '',
    fail_above: rule.fail_above ?? '',
    filter: rule.filter?.kind ?? 'none',
    window: String(rule.filter?.window ?? empty_draft.window),
    coefficient: rule.filter?.coefficient ?? empty_draft.coefficient,
    dead_band: rule.dead_band ?? '',
  };
}

function filter_of(draft: RuleDraft): NonNullable<Rule['filter']> {
  if (draft.filter === 'first_order') return { kind: 'first_order', coefficient: draft.coefficient.trim() };
  return { kind: draft.filter, window: Number(draft.window) };
}

/** What the server is asked to set; whether it makes sense the server says. */
export function rule_of(draft: RuleDraft): Rule {
  const { from_low, from_high, to_low, to_high } = draft;
  const given = (key: 'fail_below' | 'fail_above' | 'dead_band') =>
    draft[key].trim() === '' ? {} : { [key]: draft[key].trim() };
  return {
    from: draft.from,
    into: draft.into.trim(),
    unit: draft.unit.trim(),
    exponent: draft.digits.trim() === '' ? 0 : 0 - Number(draft.digits),
    ...(draft.scale === 'factor' ? { gain: draft.gain.trim(), offset: draft.offset.trim() } : {}),
    ...(draft.scale === 'line' ? { line: { from_low, from_high, to_low, to_high } } : {}),
    ...given('fail_below'),
    ...given('fail_above'),
    ...(draft.filter === 'none' ? {} : { filter: filter_of(draft) }),
    ...given('dead_band'),
  };
}

/** In one line, for lists. */
export function describe_rule(rule: Rule, t: Translate): string {
  const parts = [t('processing.says_from', { register: register_label(rule.from, t) })];
  const { line, filter } = rule;
  if (line) parts.push(`${line.from_low}…${line.from_high} → ${line.to_low}…${line.to_high} ${rule.unit ?? ''}`.trim());
  else if (Number(rule.gain ?? 1) !== 1 || Number(rule.offset ?? 0) !== 0)
    parts.push(`× ${rule.gain ?? '1'} + ${rule.offset ?? '0'}`);
  if (filter && filter.kind !== 'none')
    parts.push(
      `${t(`processing.filter_${filter.kind}`)} ${filter.kind === 'first_order' ? (filter.coefficient ?? '') : (filter.window ?? '')}`,
    );
  if (rule.fail_below) parts.push(`< ${rule.fail_below} ${t('processing.says_fault')}`);
  if (rule.fail_above) parts.push(`> ${rule.fail_above} ${t('processing.says_fault')}`);
  if (rule.dead_band) parts.push(t('processing.says_dead_band', { band: rule.dead_band }));
  return parts.join(' · ');
}
