import { describe, expect, it } from 'vitest';
import { en } from './en.ts';
import { is_message_key, type MessageKey, translator } from './index.tsx';
import { zh_cn } from './zh_cn.ts';

const parameters = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

describe('languages', () => {
  it('have the same parameters in each text, and no text is empty', () => {
    for (const key of Object.keys(zh_cn) as MessageKey[]) {
      expect(parameters(en[key]), key).toEqual(parameters(zh_cn[key]));
      expect(en[key].trim(), key).not.toBe('');
      expect(zh_cn[key].trim(), key).not.toBe('');
    }
  });

  it('sets numbers in the language’s way and texts as they are', () => {
    expect(translator('en')('common.total', { count: 1234567 })).toBe('1,234,567 in all');
    expect(translator('zh-CN')('common.total', { count: 1000 })).toBe('共 1,000 条');
    expect(translator('en')('age.label', { age: '3 d' })).toBe('3 d ago');
  });

  it('knows its keys only', () => {
    expect(is_message_key('register.voltage_a')).toBe(true);
    expect(is_message_key('toString')).toBe(false);
  });
});
