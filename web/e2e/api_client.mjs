// The platform's web API for scripts: no browser, one session, the demo's own certificate.
import https from 'node:https';

/** Thrown for an answer that is no success. */
export class Refused extends Error {
  constructor(method, path, status, text) {
    super(`${method} ${path}: ${status} ${text}`);
    this.status = status;
  }
}

export class ApiClient {
  #agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
  #cookie = '';

  /** `access` as `duheng demo --access-file` writes it. */
  constructor(access) {
    this.access = access;
    this.url = new URL(access.url);
  }

  async log_in() {
    const { headers } = await this.#ask('POST', '/api/v1/session', { name: this.access.user, password: this.access.password });
    this.#cookie = (headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ');
  }
  async get(path) {
    return JSON.parse((await this.#ask('GET', path)).text);
  }
  async post(path, body) {
    const { text } = await this.#ask('POST', path, body);
    return text ? JSON.parse(text) : null;
  }
  async put(path, body) {
    const { text } = await this.#ask('PUT', path, body);
    return text ? JSON.parse(text) : null;
  }
  close() {
    this.#agent.destroy();
  }

  #ask(method, path, body) {
    return new Promise((done, failed) => {
      const request = https.request(
        {
          agent: this.#agent,
          host: '127.0.0.1',
          port: Number(this.url.port),
          path,
          method,
          timeout: 10_000,
          headers: {
            Host: this.url.host,
            Accept: 'application/json',
            'X-Duheng-Request': '1',
            ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
            ...(this.#cookie ? { Cookie: this.#cookie } : {}),
          },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (piece) => {
            text += piece;
          });
          answer.on('error', failed);
          answer.on('end', () => {
            if (answer.statusCode >= 200 && answer.statusCode < 300) done({ headers: answer.headers, text });
            else failed(new Refused(method, path, answer.statusCode, text));
          });
        },
      );
      request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer in time`)));
      request.on('error', failed);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
