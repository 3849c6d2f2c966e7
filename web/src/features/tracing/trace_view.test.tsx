// @vitest-environment jsdom
import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeSocket, make_world, open_app } from '../../../test/world.tsx';

const slow = { timeout: 8_000 };
beforeEach(() => {
  make_world();
});
const trace_socket = () => FakeSocket.all.filter(({ url }) => url.includes('/api/v1/trace'));
const event = (kind: string, hex: string, note = '') => ({
  time: '2026-11-21T08:00:00.120Z',
  kind,
  hex,
  device_uid: 'dlt645:1',
  channel: 'line-1',
  note,
});

describe('the trace of a device', () => {
  it('follows, filters, takes a frame apart, holds and goes on', async () => {
    const user = userEvent.setup();
    open_app('/devices/1/trace');
    await screen.findByText('还没有报文', undefined, slow);
    const [socket] = trace_socket();
    expect(socket?.url).toContain('device_id=1');
    act(() => {
      socket?.onopen?.();
      socket?.onmessage?.({
        data: JSON.stringify({ events: [event('sent', '6811'), event('timed_out', '', 'no answer')], dropped: 2 }),
      });
    });
    const lines = await screen.findByRole('list', { name: '报文跟踪' });
    expect(within(lines).getAllByRole('listitem')).toHaveLength(2);
    expect(screen.getByText(/已丢弃 2 条/)).toBeInTheDocument();
    await user.selectOptions(screen.getByLabelText('种类'), '超时');
    expect(within(lines).getAllByRole('listitem')).toHaveLength(1);
    await user.selectOptions(screen.getByLabelText('种类'), '全部');
    await user.click(within(lines).getByRole('button', { name: /68 11/ }));
    expect(await screen.findAllByRole('group', { name: '报文字节' }, slow)).not.toHaveLength(0);

    await user.click(screen.getByRole('button', { name: '暂停' }));
    expect(socket?.was_closed).toBe(true);
    await user.click(screen.getByRole('button', { name: '继续跟踪' }));
    expect(trace_socket()).toHaveLength(2);
  });

  it('tells why the platform ended it', async () => {
    open_app('/devices/1/trace');
    await screen.findByText('还没有报文', undefined, slow);
    const [socket] = trace_socket();
    act(() => {
      socket?.onmessage?.({ data: JSON.stringify({ error: { code: 'limit_exceeded', message: '这台网关已有 10 个跟踪' } }) });
      socket?.onclose?.();
    });
    expect(await screen.findByText('这台网关已有 10 个跟踪')).toBeInTheDocument();
    expect(screen.getByText('已结束')).toBeInTheDocument();
  });
});
