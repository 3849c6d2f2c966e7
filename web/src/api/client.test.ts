import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, api, live_url } from './client.ts';
import { should_retry } from './queries.ts';
import { observe_server_time, server_now_ms } from './server_clock.ts';

function answer_with(status: number, body: string | null) {
  const fetched = vi.fn(async (_path: string, _init: RequestInit) => new Response(body, { status }));
  vi.stubGlobal('fetch', fetched);
  return fetched;
}
afterEach(() => {
  vi.unstubAllGlobals();
  observe_server_time(new Date().toISOString());
});

describe('requests', () => {
  it('carry the header that a foreign site cannot send when they change something, and only then', async () => {
    const fetched = answer_with(204, null);
    await api.log_out();
    expect(fetched.mock.calls[0]?.[1].headers).toMatchObject({ 'X-Duheng-Request': '1' });
    answer_with(200, '{}');
    const reads = answer_with(200, '{"sources":[]}');
    await api.sources();
    expect(reads.mock.calls[0]?.[1].headers).not.toHaveProperty('X-Duheng-Request');
  });

  it('leave empty parameters out and escape the rest', async () => {
    const fetched = answer_with(200, '{}');
    await api.devices({ page: 2, search: 'a&b=c' });
    expect(fetched.mock.calls[0]?.[0]).toBe('/api/v1/devices?page=2&search=a%26b%3Dc');
  });

  it('give the platform’s problem', async () => {
    answer_with(429, '{"code":"throttled","message":"wait","request_id":"r1","retry_after_s":9}');
    const error = await api.sources().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 429, problem: { code: 'throttled', request_id: 'r1', retry_after_s: 9 } });
  });

  it('survive answers that are not the platform’s', async () => {
    answer_with(502, '<html>bad gateway</html>');
    await expect(api.sources()).rejects.toMatchObject({ status: 502, problem: undefined });
    answer_with(200, 'not json');
    await expect(api.sources()).rejects.toMatchObject({ status: 200 });
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
    await expect(api.sources()).rejects.toMatchObject({ status: 0 });
  });

  it('follow the platform’s clock', async () => {
    answer_with(200, JSON.stringify({ server_time: new Date(Date.now() + 3_600_000).toISOString() }));
    await api.overview();
    expect(Math.abs(server_now_ms() - Date.now() - 3_600_000)).toBeLessThan(1_000);
  });
});

describe('retries', () => {
  it('are for what may pass by itself', () => {
    expect(should_retry(0, new ApiError(0))).toBe(true);
    expect(should_retry(1, new ApiError(503))).toBe(true);
    expect(should_retry(2, new ApiError(0))).toBe(false);
    expect(should_retry(0, new ApiError(404))).toBe(false);
    expect(should_retry(0, new ApiError(401))).toBe(false);
  });
});

describe('live address', () => {
  it('is as safe as the page', () => {
    expect(live_url({ protocol: 'https:', host: 'a:1' } as Location)).toBe('wss://a:1/api/v1/live');
    expect(live_url({ protocol: 'http:', host: 'a' } as Location)).toBe('ws://a/api/v1/live');
  });
});
