import { describe, expect, it } from 'vitest';
import type { FrameProvenance } from '../src/api/types.ts';
import { demo_password, demo_user, make_demo_api } from './api.ts';
import { request_frame, response_frame } from './frames.ts';
import { demo_registers } from './registers.ts';

const now_ms = Date.parse('2026-11-21T04:00:00Z');
const answer = make_demo_api(() => now_ms);
const get = (path: string, query = '') =>
  answer({ method: 'GET', path, query: new URLSearchParams(query), headers: {}, body: undefined, is_logged_in: true });

describe('stubbed platform', () => {
  it('makes whole DL/T 645 frames whose fields cover every octet once', () => {
    const energy = demo_registers[0];
    if (!energy) throw new Error('no registers');
    const request = request_frame('202600000001', energy);
    // 68 01 00 00 00 26 20 68 11 04 33 33 34 33, their sum, 16.
    expect(request.hex).toBe('FEFEFEFE6801000000262068110433333433F916');
    for (const frame of [request, response_frame('202600000001', energy, 123456, '1234.56')]) {
      let offset = 0;
      for (const field of frame.fields) {
        expect(field.offset).toBe(offset);
        offset += field.size;
      }
      expect(offset * 2).toBe(frame.hex.length);
    }
  });

  it('leads from a latest value to a frame with the same value', () => {
    const { body } = get('/api/v1/devices/2');
    const latest = (body as { registers: { register: string; latest: { value: string; frame: string } }[] }).registers;
    for (const { register, latest: reading } of latest) {
      const frame = get(`/api/v1/frames/${reading.frame}`).body as FrameProvenance;
      expect(frame.readings[0]).toMatchObject({ register, value: reading.value });
    }
  });

  it('wants a session and the request header', () => {
    const base = {
      path: '/api/v1/session',
      query: new URLSearchParams(),
      body: { name: demo_user, password: demo_password },
      is_logged_in: false,
    };
    expect(answer({ ...base, method: 'POST', headers: {} }).status).toBe(403);
    expect(answer({ ...base, method: 'POST', headers: { 'x-duheng-request': '1' } }).status).toBe(200);
    expect(answer({ ...base, path: '/api/v1/overview', method: 'GET', headers: {} }).status).toBe(401);
  });
});
