// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { make_world, open_app, type World } from '../../../test/world.tsx';

let world: World;
const copied: string[] = [];

beforeEach(() => {
  world = make_world();
  copied.length = 0;
});

async function opened(path = '/analyser') {
  const user = userEvent.setup();
  vi.spyOn(navigator.clipboard, 'writeText').mockImplementation(async (text) => {
    copied.push(text);
  });
  open_app(path);
  await screen.findByRole('heading', { level: 1, name: '报文分析' });
  return user;
}
const asked = () => world.requests.filter(({ path }) => path === '/api/v1/analyser/frames').map(({ body }) => body);

describe('the analyser', () => {
  it('takes pasted text apart and shows the chosen frame', async () => {
    const user = await opened();
    expect(await screen.findByText('尚未分析')).toBeInTheDocument();
    const text = await screen.findByLabelText('十六进制或日志');
    await user.type(text, '68 00 36');
    await user.click(screen.getByRole('button', { name: '分析' }));
    expect(await screen.findByText('2 帧，有效 1 帧，帧外 3 字节')).toBeInTheDocument();
    expect(asked()).toEqual([{ text: '68 00 36', protocol: 'auto', apdu: false }]);

    const rows = within(screen.getByRole('list', { name: '报文' })).getAllByRole('button');
    expect(rows.map((row) => row.textContent)).toEqual([
      expect.stringContaining('帧外字节'),
      expect.stringContaining('000000193600'),
      expect.stringContaining('帧外字节'),
      expect.stringContaining('无效'),
    ]);
    // The first frame is open, not the gap before it.
    expect(rows[1]).toHaveAttribute('aria-current', 'true');
    expect(screen.getByRole('button', { name: '地址域（低字节在前）' })).toBeInTheDocument();
    const grid = screen.getByRole('group', { name: '报文字节' });
    expect(within(grid).getAllByRole('button')).toHaveLength(16);

    await user.click(rows[3] as HTMLElement);
    expect(document.querySelectorAll('.octet.is-fault').length).toBeGreaterThan(0);
    expect(document.querySelector('tr.is-fault')).toBeInTheDocument();
  });

  it('copies a frame, all frames, and a link that carries the frame', async () => {
    const user = await opened();
    await user.type(await screen.findByLabelText('十六进制或日志'), '68');
    await user.click(screen.getByRole('button', { name: '分析' }));
    await user.click(await screen.findByRole('button', { name: '复制为 JSON' }));
    await user.click(screen.getByRole('button', { name: '全部复制为 JSON' }));
    await user.click(screen.getByRole('button', { name: '复制链接' }));
    expect(JSON.parse(copied[0] ?? '')).toMatchObject({ protocol: 'dlt645-2007', valid: true });
    expect(JSON.parse(copied[1] ?? '')).toHaveLength(2);
    expect(copied[2]).toMatch(/\/analyser#hex=6800361900000068[0-9A-F]*&protocol=dlt645$/);
  });

  it('analyses the frame of a link as it is opened', async () => {
    await opened('/analyser#hex=6800&protocol=dlt645');
    await waitFor(() => expect(asked()).toEqual([{ text: '68 00', protocol: 'dlt645', apdu: false }]));
    expect(await screen.findByLabelText('十六进制或日志')).toHaveValue('68 00');
  });

  it('sends nothing that is too large', async () => {
    const user = await opened();
    const text = await screen.findByLabelText('十六进制或日志');
    await user.click(text);
    await user.paste('6'.repeat((1 << 20) + 1));
    expect(screen.getByText(/文本过大/)).toBeInTheDocument();
    expect(screen.getByRole('button', { name: '分析' })).toBeDisabled();
    await user.upload(
      screen.getByLabelText('打开文件', { selector: 'input' }),
      new File([new Uint8Array((1 << 20) + 1)], 'x.log'),
    );
    expect(asked()).toEqual([]);
    await user.click(screen.getByRole('button', { name: '清空' }));
    expect(screen.queryByText(/文本过大/)).not.toBeInTheDocument();
  });

  it('reads a file', async () => {
    const user = await opened();
    await screen.findByLabelText('十六进制或日志');
    await user.upload(screen.getByLabelText('打开文件', { selector: 'input' }), new File(['12:00 TX 68 00'], 'x.log'));
    await waitFor(() => expect(asked()).toEqual([{ text: '12:00 TX 68 00', protocol: 'auto', apdu: false }]));
  });

  it('says so when nothing was found, and when the platform refuses', async () => {
    const user = await opened();
    const text = await screen.findByLabelText('十六进制或日志');
    await user.type(text, '无');
    await user.click(screen.getByRole('button', { name: '分析' }));
    expect(await screen.findByText('没有找到字节')).toBeInTheDocument();
    world.intercept = ({ path }) =>
      path === '/api/v1/analyser/frames'
        ? {
            status: 429,
            body: { code: 'throttled', message: 'another analysis is under way; wait', request_id: 'r', retry_after_s: 1 },
          }
        : undefined;
    await user.click(screen.getByRole('button', { name: '分析' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('another analysis is under way');
  });

  it('asks for the fields of a frame that came without them', async () => {
    const user = await opened();
    const fetched = globalThis.fetch;
    vi.stubGlobal('fetch', async (input: string, init: RequestInit = {}) => {
      const response = await fetched(input, init);
      if (!String(input).endsWith('/analyser/frames') || asked().length > 1) return response;
      const body = await response.json();
      for (const item of body.items) if (item.frame) item.frame.fields = null;
      return new Response(JSON.stringify(body), { status: 200 });
    });
    await user.type(await screen.findByLabelText('十六进制或日志'), '68');
    await user.click(screen.getByRole('button', { name: '分析' }));
    expect(await screen.findByRole('button', { name: '地址域（低字节在前）' })).toBeInTheDocument();
    expect(asked()[1]).toMatchObject({ protocol: 'dlt645', text: expect.stringMatching(/^680036/) });
  });
});

describe('building a frame', () => {
  it('makes its form from what the platform lists, and shows the frame', async () => {
    const user = await opened('/analyser/build');
    await user.selectOptions(await screen.findByRole('combobox', { name: '报文种类' }), '电表清零（1AH）');
    const secret = screen.getByLabelText('密码');
    expect(secret).toHaveAttribute('type', 'password');
    await user.selectOptions(screen.getByRole('combobox', { name: '报文种类' }), '跳合闸、报警、保电（1CH）');
    await user.selectOptions(screen.getByRole('combobox', { name: '控制命令' }), '直接合闸');
    await user.click(screen.getByRole('button', { name: '生成报文' }));
    expect(await screen.findByRole('region', { name: '生成的报文' })).toBeInTheDocument();
    const order = world.requests.find(({ path }) => path === '/api/v1/analyser/build')?.body;
    expect(order).toMatchObject({ protocol: 'dlt645', kind: 'control', parameters: { command: '1C', password_level: '02' } });
  });

  it('shows a refusal at the input it speaks of', async () => {
    const user = await opened('/analyser/build');
    await user.clear(await screen.findByLabelText('表地址'));
    await user.click(screen.getByRole('button', { name: '生成报文' }));
    expect(await screen.findByText('is missing')).toBeInTheDocument();
    expect(screen.getByLabelText('表地址')).toHaveAttribute('aria-invalid', 'true');
  });
});
