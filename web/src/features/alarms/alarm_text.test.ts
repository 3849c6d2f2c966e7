import { describe, expect, it } from 'vitest';
import type { AlarmKind } from '../../api/types.ts';
import { kind_title, texts_of } from './alarm_text.ts';

const text = (en: string) => ({ zh_cn: `中${en}`, en });
const kinds: AlarmKind[] = [
  {
    kind: 'device_silent',
    severity: 'warning',
    title: text('Device silent'),
    message: text('No reading for {silent_minutes} min, {unknown}'),
    remedy: text('Look'),
  },
  {
    kind: 'alarm_flood',
    severity: 'major',
    title: text('Many'),
    message: text('Many of "{kind}"'),
    remedy: text('Look'),
  },
];

describe('texts_of', () => {
  it('puts facts in their places and leaves what it does not know', () => {
    const alarm = { kind: 'device_silent', facts: { silent_minutes: '7' } };
    expect(texts_of(alarm, kinds, 'en').message).toBe('No reading for 7 min, {unknown}');
    expect(texts_of(alarm, kinds, 'zh-CN').title).toBe('中Device silent');
  });

  it('names the kind that a flood gathers', () => {
    expect(texts_of({ kind: 'alarm_flood', facts: { kind: 'device_silent' } }, kinds, 'en').message).toBe(
      'Many of "Device silent"',
    );
  });

  it('shows the word of a kind that is not listed', () => {
    expect(texts_of({ kind: 'new_kind', facts: {} }, kinds, 'en').title).toBe('new_kind');
    expect(kind_title('new_kind', kinds, 'en')).toBe('new_kind');
  });
});
