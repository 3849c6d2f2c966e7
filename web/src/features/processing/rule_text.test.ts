import { describe, expect, it } from 'vitest';
import { translator } from '../../i18n/index.tsx';
import type { Rule } from './processing_api.ts';
import { describe_rule, draft_of, empty_draft, rule_of } from './rule_text.ts';

const loop: Rule = {
  from: 'loop_current',
  into: 'pressure',
  unit: 'MPa',
  exponent: -4,
  line: { from_low: '4', from_high: '20', to_low: '0', to_high: '1.6' },
  fail_below: '3.6',
  filter: { kind: 'median', window: 5 },
  dead_band: '0.002',
};

describe('a rule and its form', () => {
  it('comes back from the form as it went in', () => {
    expect(rule_of(draft_of(loop))).toEqual(loop);
    const smooth: Rule = {
      from: 'a',
      into: 'b',
      unit: '',
      exponent: 0,
      gain: '2',
      offset: '-0.5',
      filter: { kind: 'first_order', coefficient: '1/3' },
    };
    expect(rule_of(draft_of(smooth))).toEqual(smooth);
  });
  it('leaves out what was left empty', () => {
    expect(rule_of({ ...empty_draft, from: 'a', into: ' b ', filter: 'none' })).toEqual({
      from: 'a',
      into: 'b',
      unit: '',
      exponent: -2,
    });
  });
  it('is told in words', () => {
    const text = describe_rule(loop, translator('en'));
    expect(text).toContain('4…20 → 0…1.6 MPa');
    expect(text).toContain('median 5');
    expect(text).toContain('dead band 0.002');
  });
});
