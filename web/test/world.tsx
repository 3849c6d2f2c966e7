import { render } from '@testing-library/react';
import { MemoryRouter, useLocation } from 'react-router';
import { vi } from 'vitest';
import { type DemoAnswer, type DemoRequest, make_demo_api } from '../demo/api.ts';
import { AppProviders, AppRoutes } from '../src/app.tsx';

/** A WebSocket under the test's hand. */
export class FakeSocket {
  static all: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  sent: string[] = [];
  was_closed = false;
  readonly url: string;

  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.was_closed = true;
  }
}

export interface World {
  requests: DemoRequest[];
  /** What the platform answers instead, for the requests it wants; undefined leaves the stub's answer. */
  intercept: (request: DemoRequest) => DemoAnswer | undefined | 'no answer';
  is_logged_in: boolean;
}

/** Puts the stubbed platform behind `fetch` and a socket that the test drives behind `WebSocket`. */
export function make_world({ logged_in = true, due_password = false } = {}): World {
  const answer = make_demo_api(Date.now, due_password);
  const world: World = { requests: [], intercept: () => undefined, is_logged_in: logged_in };
  if (logged_in) localStorage.setItem('duheng.session', '1');
  FakeSocket.all = [];
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('fetch', async (input: string, init: RequestInit = {}) => {
    const url = new URL(input, 'http://localhost');
    const headers = Object.fromEntries(
      Object.entries(init.headers as Record<string, string>).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const request: DemoRequest = {
      method: init.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers,
      body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
      is_logged_in: world.is_logged_in,
    };
    world.requests.push(request);
    const wanted = world.intercept(request);
    if (wanted === 'no answer') throw new TypeError('fetch failed');
    const { status, body, session } = wanted ?? answer(request);
    if (session) world.is_logged_in = session === 'begun';
    return new Response(body === undefined ? null : JSON.stringify(body), { status });
  });
  return world;
}

function Whereabouts() {
  const { pathname, search } = useLocation();
  return <output data-testid="whereabouts">{pathname + search}</output>;
}

/** The whole app at an address. */
export function open_app(path: string) {
  return render(
    <AppProviders>
      <MemoryRouter initialEntries={[path]}>
        <AppRoutes />
        <Whereabouts />
      </MemoryRouter>
    </AppProviders>,
  );
}
