// @vitest-environment jsdom
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { demo_password, demo_user, make_demo_api } from '../demo/api.ts';
import { FakeSocket, make_world, open_app } from '../test/world.tsx';

const whereabouts = () => screen.getByTestId('whereabouts').textContent;
const slow = { timeout: 15_000 };

async function fill_login(name: string, password: string) {
  const user = userEvent.setup();
  await user.type(await screen.findByLabelText('用户名'), name);
  await user.type(screen.getByLabelText('密码'), password);
  await user.click(screen.getByRole('button', { name: '登录' }));
}

describe('session', () => {
  it('leads a stranger to the login and back to where he wanted to go', async () => {
    const world = make_world({ logged_in: false });
    open_app('/sources?x=1');
    await fill_login(demo_user, demo_password);
    await screen.findByRole('heading', { name: '未归属来源' }, slow);
    expect(whereabouts()).toBe('/sources?x=1');
    // Without a session before, the first visit asked the platform nothing but the login.
    expect(world.requests[0]).toMatchObject({ method: 'POST', path: '/api/v1/session' });
    expect(world.requests[0]?.headers['x-duheng-request']).toBe('1');
  });

  it('says what is missing, what is wrong, and counts a throttling down', async () => {
    const world = make_world({ logged_in: false });
    open_app('/login');
    fireEvent.click(await screen.findByRole('button', { name: '登录' }));
    expect(screen.getByText('请输入用户名')).toBeVisible();
    expect(world.requests).toHaveLength(0);
    await fill_login(demo_user, 'wrong');
    await waitFor(() => expect(screen.getByRole('alert')).toHaveTextContent('用户名或密码不对'));
    expect(screen.getByLabelText('密码')).toHaveValue('');

    vi.useFakeTimers();
    world.intercept = () => ({ status: 429, body: { code: 'throttled', message: 'x', request_id: 'r', retry_after_s: 3 } });
    fireEvent.change(screen.getByLabelText('密码'), { target: { value: 'again' } });
    fireEvent.click(screen.getByRole('button', { name: '登录' }));
    await act(() => vi.advanceTimersByTimeAsync(0));
    expect(screen.getByRole('alert')).toHaveTextContent('请在 3 秒后再试');
    expect(screen.getByRole('button', { name: '登录' })).toBeDisabled();
    await act(() => vi.advanceTimersByTimeAsync(1_000));
    expect(screen.getByRole('alert')).toHaveTextContent('请在 2 秒后再试');
    for (let second = 0; second < 3; second += 1) await act(() => vi.advanceTimersByTimeAsync(1_000));
    expect(screen.getByRole('alert')).toBeEmptyDOMElement();
    expect(screen.getByRole('button', { name: '登录' })).toBeEnabled();
    vi.useRealTimers();
  });

  it('shows the password on request and warns of caps lock', async () => {
    make_world({ logged_in: false });
    open_app('/login');
    const password = await screen.findByLabelText('密码');
    fireEvent.click(screen.getByRole('button', { name: '显示密码' }));
    expect(password).toHaveAttribute('type', 'text');
    fireEvent.keyDown(password, { key: 'A', modifierCapsLock: true });
    expect(screen.getByText(/大写锁定已打开/)).toBeVisible();
  });

  it('goes to the login when the session ends, and back afterwards', async () => {
    const world = make_world();
    open_app('/gateways');
    await screen.findByText('gw-east-01', undefined, slow);
    world.is_logged_in = false;
    await screen.findByText(/登录已过期/, undefined, slow);
    await fill_login(demo_user, demo_password);
    await screen.findByText('gw-east-01', undefined, slow);
    expect(whereabouts()).toBe('/gateways');
  });

  it('logs out without speaking of an expiry, and closes the live line', async () => {
    const world = make_world();
    open_app('/sources');
    fireEvent.click(await screen.findByRole('button', { name: /账户/ }, slow));
    fireEvent.click(screen.getByRole('button', { name: '退出登录' }));
    await screen.findByLabelText('用户名');
    expect(whereabouts()).toBe('/login');
    expect(screen.queryByText(/登录已过期/)).toBeNull();
    expect(world.requests.at(-1)).toMatchObject({ method: 'DELETE' });
    expect(FakeSocket.all.every(({ was_closed }) => was_closed)).toBe(true);
  });

  it('never follows an address out of the app', async () => {
    make_world({ logged_in: false });
    open_app('/login?next=%2F%2Fevil.example%2Fx');
    await fill_login(demo_user, demo_password);
    await screen.findByRole('heading', { name: '总览' }, slow);
    expect(whereabouts()).toBe('/');
  });
});

describe('failures', () => {
  it('show what the platform said, the request’s number and a way on', async () => {
    const world = make_world();
    world.intercept = ({ path }) =>
      path === '/api/v1/gateways'
        ? { status: 500, body: { code: 'internal', message: '记录库打不开', request_id: 'req-77' } }
        : undefined;
    open_app('/gateways');
    expect(await screen.findByText('记录库打不开', undefined, slow)).toBeVisible();
    expect(screen.getByText('req-77')).toBeVisible();
    world.intercept = () => undefined;
    fireEvent.click(screen.getByRole('button', { name: '重试' }));
    await screen.findByText('gw-east-01');
  });

  it('show an unknown page, device and frame as such', async () => {
    make_world();
    const { unmount } = open_app('/nowhere');
    await screen.findByRole('heading', { name: '没有这一页' }, slow);
    unmount();
    const device = open_app('/devices/99999');
    await screen.findByRole('heading', { name: '没有这一页' }, slow);
    device.unmount();
    open_app('/frames/1');
    await screen.findByText(/找不到这一帧/, undefined, slow);
  });
});

describe('device list', () => {
  it('asks page by page, keeps its state in the address and marks states in words', async () => {
    const world = make_world();
    open_app('/devices?state=offline');
    const table = await screen.findByRole('table', { name: '表计列表' }, slow);
    const rows = within(table).getAllByRole('row').slice(1);
    expect(rows).toHaveLength(6);
    for (const row of rows) expect(row).toHaveTextContent('离线');
    fireEvent.click(within(table).getByRole('button', { name: '最近读数' }));
    await waitFor(() => expect(whereabouts()).toBe('/devices?state=offline&sort=last_reading'));
    await waitFor(() => expect(world.requests.some(({ query }) => query.get('sort') === 'last_reading')).toBe(true));
    expect(await screen.findByRole('columnheader', { name: '最近读数' })).toHaveAttribute('aria-sort', 'ascending');
  });

  it('searches after a pause, once', async () => {
    const world = make_world();
    open_app('/devices');
    await screen.findByRole('table', { name: '表计列表' }, slow);
    await userEvent.type(screen.getByRole('searchbox'), '202600000001');
    await waitFor(() => expect(within(screen.getByRole('table')).getAllByRole('row')).toHaveLength(2), slow);
    expect(whereabouts()).toBe('/devices?search=202600000001');
    const searches = world.requests.map(({ query }) => query.get('search')).filter(Boolean);
    expect(new Set(searches)).toEqual(new Set(['202600000001']));
  });

  it('offers a way out of an empty result', async () => {
    make_world();
    open_app('/devices?search=zzz&state=late');
    fireEvent.click(await screen.findByRole('button', { name: '清除全部条件' }, slow));
    await screen.findByRole('table', { name: '表计列表' }, slow);
    expect(whereabouts()).toBe('/devices');
  });

  it('subscribes to the devices on view and shows what the socket tells', async () => {
    make_world();
    open_app('/devices?state=never');
    const table = await screen.findByRole('table', { name: '表计列表' }, slow);
    expect(within(table).getAllByText('从未上线')).toHaveLength(4);
    const socket = FakeSocket.all.at(-1) as FakeSocket;
    await act(async () => socket.onopen?.());
    expect(screen.getByText('实时')).toBeVisible();
    const { subscribe } = JSON.parse(socket.sent.at(-1) ?? '{}');
    expect(subscribe.devices).toHaveLength(4);
    const time = new Date().toISOString();
    const reading = { time, received_at: time, value: '1.0', quality: 'good', time_source: 'gateway', frame: '1' };
    const [device_id] = subscribe.devices;
    await act(async () =>
      socket.onmessage?.({ data: JSON.stringify({ readings: [{ device_id, series_id: 1, register: 'voltage_a', reading }] }) }),
    );
    await waitFor(() => expect(within(table).getAllByText('从未上线')).toHaveLength(3));
    expect(within(table).getAllByText('在线')).toHaveLength(1);
  });
});

describe('device page', () => {
  it('shows exact values by quantity and moves with the socket', async () => {
    make_world();
    open_app('/devices/2');
    const plate = await screen.findByRole('region', { name: '电压' }, slow);
    expect(within(plate).getAllByRole('listitem')).toHaveLength(3);
    const socket = FakeSocket.all.at(-1) as FakeSocket;
    await act(async () => socket.onopen?.());
    const time = new Date(Date.now() + 1_000).toISOString();
    const reading = { time, received_at: time, value: '231.7', quality: 'out_of_range', time_source: 'gateway', frame: '4711' };
    const message = { readings: [{ device_id: 2, series_id: 202, register: 'voltage_a', reading }] };
    await act(async () => socket.onmessage?.({ data: JSON.stringify(message) }));
    const link = await within(plate).findByRole('link', { name: 'A 相电压 231.7 V，查看报文' });
    expect(link).toHaveAttribute('href', expect.stringContaining('frame=4711'));
    expect(link.closest('li')).toHaveClass('is-new');
    expect(within(plate).getByText('超出量程')).toBeVisible();
  });

  it('leads from a value to its frame and ties octets and fields together', async () => {
    make_world();
    open_app('/devices/2');
    fireEvent.click((await screen.findAllByRole('link', { name: /正向有功总.*查看报文/ }, slow))[0] as HTMLElement);
    const drawer = await screen.findByRole('dialog', undefined, slow);
    const [octets] = await within(drawer).findAllByRole('group', { name: '报文字节' }, slow);
    expect(whereabouts()).toMatch(/^\/devices\/2\?frame=\d+$/);
    const cells = within(octets as HTMLElement).getAllByRole('button');
    expect(cells.slice(0, 5).map(({ textContent }) => textContent)).toEqual(['FE', 'FE', 'FE', 'FE', '68']);
    fireEvent.focus(cells[5] as HTMLElement);
    const marked = () => drawer.querySelectorAll('.octets:first-of-type .octet.is-active, .octet.is-active');
    expect(marked()).toHaveLength(6);
    const field = within(drawer).getAllByRole('button', { name: '校验码' })[0] as HTMLElement;
    expect(drawer.querySelector('tr.is-active')).toHaveTextContent('地址域');
    fireEvent.blur(cells[5] as HTMLElement);
    fireEvent.click(field);
    expect(field).toHaveAttribute('aria-pressed', 'true');
    expect(marked()).toHaveLength(1);
  });

  it('gives the curve as a table too', async () => {
    make_world();
    open_app('/devices/2?register=voltage_b&span=week');
    fireEvent.click(await screen.findByRole('button', { name: '以表格查看' }, slow));
    const table = await screen.findByRole('table', { name: 'B 相电压的分桶数据' }, slow);
    expect(within(table).getAllByRole('row').length).toBeGreaterThan(10);
    expect(within(table).getAllByRole('link')[0]).toHaveAttribute('href', expect.stringMatching(/frame=\d+/));
  });
});

describe('password', () => {
  const fill = async (old_password: string, new_password: string, repeated = new_password) => {
    fireEvent.change(await screen.findByLabelText('原密码', undefined, slow), { target: { value: old_password } });
    fireEvent.change(screen.getByLabelText('新密码'), { target: { value: new_password } });
    fireEvent.change(screen.getByLabelText('再输一遍新密码'), { target: { value: repeated } });
    fireEvent.click(screen.getByRole('button', { name: '修改密码' }));
  };

  it('stands before every page until a given one is changed, and asks for nothing meanwhile', async () => {
    const world = make_world({ due_password: true });
    open_app('/devices?state=late');
    expect(await screen.findByRole('heading', { name: '请先修改密码' }, slow)).toBeVisible();
    expect(screen.queryByRole('navigation')).toBeNull();
    await fill(demo_password, 'short');
    expect(screen.getByText('至少要 12 个字符')).toBeVisible();
    await fill(demo_password, 'a longer password', 'a longer passwort');
    expect(screen.getByText('两次输入的新密码不一致')).toBeVisible();
    expect(screen.getByLabelText('再输一遍新密码')).toHaveFocus();
    expect(world.requests.map(({ path }) => path)).toEqual(['/api/v1/session']);
    await fill('not the old one', 'a longer password');
    expect(await screen.findByText('原密码不对。', undefined, slow)).toBeVisible();
    expect(FakeSocket.all).toHaveLength(0);
    await fill(demo_password, 'a longer password');
    await screen.findByRole('table', { name: '表计列表' }, slow);
    expect(whereabouts()).toBe('/devices?state=late');
  });

  it('is changed from the account menu too', async () => {
    const world = make_world();
    open_app('/gateways');
    fireEvent.click(await screen.findByRole('button', { name: /账户/ }, slow));
    fireEvent.click(screen.getByRole('link', { name: '修改密码' }));
    await fill(demo_password, 'a longer password');
    expect(await screen.findByText('密码已修改，其他地方的登录已结束。', undefined, slow)).toBeVisible();
    expect(screen.getByLabelText('原密码')).toHaveValue('');
    expect(world.requests.filter(({ method }) => method === 'PUT').map(({ body }) => body)).toEqual([
      { old_password: demo_password, new_password: 'a longer password' },
    ]);
  });

  it('says how long to wait after too many guesses', async () => {
    const world = make_world();
    world.intercept = ({ method }) =>
      method === 'PUT'
        ? { status: 429, body: { code: 'throttled', message: 'wait', request_id: 'r', retry_after_s: 7 } }
        : undefined;
    open_app('/password');
    await fill('a guess', 'a longer password');
    expect(await screen.findByText('尝试次数过多，请在 7 秒后再试。', undefined, slow)).toBeVisible();
    expect(screen.getByRole('button', { name: '修改密码' })).toBeDisabled();
  });
});

describe('who sees a part of the platform', () => {
  it('is shown neither its status nor its totals', async () => {
    const world = make_world();
    const stub = make_demo_api(Date.now);
    world.intercept = (request) => {
      const answer = stub(request);
      if (request.path === '/api/v1/session') return { ...answer, body: { ...(answer.body as object), whole_platform: false } };
      if (request.path === '/api/v1/overview') return { ...answer, body: { ...(answer.body as object), readings_total: null } };
      return undefined;
    };
    open_app('/');
    expect(await screen.findByRole('heading', { name: '总览' }, slow)).toBeVisible();
    expect(await screen.findByText(/全部已连接|台未连接/, undefined, slow)).toBeVisible();
    expect(screen.queryByText('累计入账读数')).toBeNull();
    const places = within(screen.getByRole('navigation')).getAllByRole('link');
    const addresses = places.map((place) => place.getAttribute('href'));
    expect(addresses).toEqual(expect.arrayContaining(['/', '/devices', '/gateways', '/sources']));
    expect(addresses).not.toContain('/status');
  });
});

describe('language', () => {
  it('changes at once, is remembered, and the page says so', async () => {
    make_world({ logged_in: false });
    open_app('/login');
    fireEvent.click(await screen.findByRole('button', { name: 'English' }));
    expect(screen.getByRole('heading', { name: 'Log in' })).toBeVisible();
    expect(document.documentElement).toHaveAttribute('lang', 'en');
    expect(localStorage.getItem('duheng.language')).toBe('en');
  });
});
