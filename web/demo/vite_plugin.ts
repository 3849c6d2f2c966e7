import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';
import { type WebSocket, WebSocketServer } from 'ws';
import { make_demo_api } from './api.ts';
import { demo_live_readings } from './live.ts';

const cookie = 'duheng_demo=1';
const body_bytes_max = 100_000;

async function read_body(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > body_bytes_max) return undefined;
  }
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

const is_logged_in = (request: IncomingMessage) => (request.headers.cookie ?? '').split('; ').includes(cookie);

function api_middleware(): Connect.NextHandleFunction {
  const answer = make_demo_api(Date.now);
  const handle = async (request: IncomingMessage, response: ServerResponse, url: URL) => {
    const { status, body, session } = answer({
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: { 'x-duheng-request': request.headers['x-duheng-request']?.toString() },
      body: await read_body(request),
      is_logged_in: is_logged_in(request),
    });
    if (session)
      response.setHeader('Set-Cookie', `${cookie}; Path=/; HttpOnly; SameSite=Strict${session === 'ended' ? '; Max-Age=0' : ''}`);
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  return (request, response, next) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (!url.pathname.startsWith('/api/')) return next();
    handle(request, response, url).catch(next);
  };
}

function serve_live(socket: WebSocket) {
  let devices: number[] = [];
  let after_s = Math.floor(Date.now() / 1000);
  let pings = 0;
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as { subscribe?: { devices?: number[] } };
    devices = message.subscribe?.devices ?? devices;
  });
  const timer = setInterval(() => {
    const now_s = Math.floor(Date.now() / 1000);
    const readings = demo_live_readings(devices, after_s, now_s);
    after_s = now_s;
    if (readings.length > 0) socket.send(JSON.stringify({ readings }));
    if (now_s % 15 === 0) socket.send(JSON.stringify({ ping: ++pings }));
  }, 1_000);
  socket.on('close', () => clearInterval(timer));
}

function serve_trace(socket: WebSocket) {
  let number = 0;
  const timer = setInterval(() => {
    const event = (kind: string, hex: string, note = '') => ({
      time: new Date().toISOString(),
      kind,
      hex,
      device_uid: 'dlt645:202600000001',
      channel: 'rs485-1',
      note,
    });
    number += 1;
    const asked = event('sent', 'FEFEFEFE68010000002620681104333334339E16');
    const events =
      number % 5 === 0
        ? [asked, event('timed_out', '', 'no answer within 1500 ms')]
        : [asked, event('received', '68010000002620689106333434356C55E316'), event('answered', '')];
    socket.send(JSON.stringify({ events, dropped: 0 }));
  }, 900);
  socket.on('close', () => clearInterval(timer));
}

function attach_live(server: Server) {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: body_bytes_max });
  server.on('upgrade', (request, socket, head) => {
    const is_trace = request.url?.startsWith('/api/v1/trace?');
    if (request.url !== '/api/v1/live' && !is_trace) return;
    if (!is_logged_in(request)) socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
    else sockets.handleUpgrade(request, socket, head, is_trace ? serve_trace : serve_live);
  });
}

/** The headers that the platform sends with every page; kept here so that a page that would break under them is seen early. */
const page_headers = {
  'Content-Security-Policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/** Serves the stubbed API beside the pages; only in the mode "mock". */
export function mock_api(): Plugin {
  return {
    name: 'duheng-mock-api',
    configureServer(server) {
      server.middlewares.use(api_middleware());
      if (server.httpServer) attach_live(server.httpServer as Server);
    },
    configurePreviewServer(server) {
      server.middlewares.use((_request, response, next) => {
        for (const [name, value] of Object.entries(page_headers)) response.setHeader(name, value);
        next();
      });
      server.middlewares.use(api_middleware());
      attach_live(server.httpServer as Server);
    },
  };
}
