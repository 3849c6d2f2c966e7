import { describe, expect, it } from 'vitest';
import { empty_channel, new_channel } from './channel_inputs.tsx';

const serial = { ...empty_channel, name: 'plc-1', kind: 'serial' as const, device: '/dev/ttyS1', baud: 9_600 };
const tcp = { ...empty_channel, name: 'plc-2', host: 'h', port: '7001' };

describe('a new channel', () => {
  it('says nothing of a carrier where there is none', () => {
    expect(new_channel(tcp)).toEqual({ name: 'plc-2', kind: 'tcp', host: 'h', port: 7001 });
    expect(new_channel({ ...tcp, kind: 'udp', carrier: 'radio' })).toEqual({ name: 'plc-2', kind: 'udp', host: 'h', port: 7001 });
  });

  it('names the module at its end', () => {
    expect(new_channel({ ...serial, carrier: 'broadband', main_node: ' 000000000007 ' })).toMatchObject({
      kind: 'serial',
      device: '/dev/ttyS1',
      carrier: 'broadband',
      main_node: '000000000007',
    });
    const own = new_channel({ ...tcp, carrier: 'narrow_band' });
    expect(own).toMatchObject({ carrier: 'narrow_band' });
    expect(own).not.toHaveProperty('main_node');
  });

  it('is none while the main node is no number', () => {
    expect(new_channel({ ...tcp, carrier: 'radio', main_node: '12x' })).toBeUndefined();
    expect(new_channel({ ...tcp, carrier: 'radio', main_node: '1234567890123' })).toBeUndefined();
  });
});
