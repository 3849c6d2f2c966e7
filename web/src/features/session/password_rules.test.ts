import { describe, expect, it } from 'vitest';
import { password_fault } from './password_rules.ts';

const good = { user: 'Ada', old_password: 'first password', new_password: 'second passw', repeated: 'second passw' };

describe('password_fault', () => {
  it('lets a good one pass', () => expect(password_fault(good)).toBeNull());
  it.each([
    [{ old_password: '' }, 'old_password', 'old_missing'],
    [{ new_password: 'elevenchars' }, 'new_password', 'too_short'],
    [{ new_password: 'first password' }, 'new_password', 'same'],
    [{ new_password: 'a canADA goose' }, 'new_password', 'holds_name'],
    [{ repeated: 'second pasSw' }, 'repeated', 'differs'],
  ])('%o: %s, %s', (change, field, fault) => expect(password_fault({ ...good, ...change })).toEqual({ field, fault }));

  it('counts characters, not code units', () => {
    const emoji = '😀'.repeat(11);
    expect(password_fault({ ...good, new_password: emoji, repeated: emoji })?.fault).toBe('too_short');
    const chinese = '度衡度衡度衡度衡度衡度衡';
    expect(password_fault({ ...good, new_password: chinese, repeated: chinese })).toBeNull();
  });
});
