// @vitest-environment jsdom
import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { make_world, open_app } from '../../../test/world.tsx';
import { first_state, neighbour, read_wall_state, seconds_max, seconds_min } from './wall_state.ts';

describe('what a screen shows', () => {
  it('is what was kept, as far as it makes sense', () => {
    expect(read_wall_state(null)).toEqual(first_state);
    expect(read_wall_state('no json')).toEqual(first_state);
    expect(read_wall_state('{"places":["gateways","elsewhere","overview"],"seconds":7}')).toEqual({
      places: ['overview', 'gateways'],
      seconds: 7,
    });
    expect(read_wall_state('{"places":[],"seconds":1}')).toEqual({ places: first_state.places, seconds: seconds_min });
    expect(read_wall_state('{"seconds":1e9}').seconds).toBe(seconds_max);
    expect(read_wall_state('{"seconds":"soon"}').seconds).toBe(first_state.seconds);
  });

  it('goes round in both directions', () => {
    const places = ['overview', 'devices', 'gateways'] as const;
    expect(neighbour(places, 'gateways', 1)).toBe('overview');
    expect(neighbour(places, 'overview', -1)).toBe('gateways');
    expect(neighbour(places, 'status', 1)).toBe('overview');
  });
});

describe('the wall screen', () => {
  const slow = { timeout: 18_000 };
  beforeEach(() => {
    localStorage.removeItem('duheng.wall');
    make_world();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const open = () => open_app('/wall');
  const shown = () => document.querySelector('.wall-name')?.textContent;

  it('turns by keyboard, holds, and takes other pages', async () => {
    const user = userEvent.setup();
    open();
    await screen.findByRole('button', { name: '暂停轮播' }, slow);
    expect(shown()).toBe('总览');
    expect(screen.queryByRole('navigation')).toBeNull();
    await user.keyboard('{ArrowRight}');
    expect(shown()).toBe('告警');
    await user.keyboard('{ArrowLeft}{ArrowLeft}');
    expect(shown()).toBe('网关');
    await user.keyboard(' ');
    expect(screen.getByRole('button', { name: '继续轮播' })).toHaveAttribute('aria-pressed', 'true');

    await user.click(screen.getByRole('button', { name: '轮播设置' }));
    const dialog = await screen.findByRole('dialog', undefined, slow);
    const seconds = within(dialog).getByLabelText('每页停留（秒）');
    await user.clear(seconds);
    await user.type(seconds, '2');
    expect(within(dialog).getByRole('alert')).toBeInTheDocument();
    expect(within(dialog).getByRole('button', { name: '保存' })).toBeDisabled();
    await user.clear(seconds);
    await user.type(seconds, '30');
    await user.click(within(dialog).getByLabelText('网关'));
    await user.click(within(dialog).getByRole('button', { name: '保存' }));
    expect(shown()).toBe('总览');
    expect(read_wall_state(localStorage.getItem('duheng.wall'))).toEqual({
      places: ['overview', 'alarms', 'devices'],
      seconds: 30,
    });
  });

  it('turns by itself after its time, and not while held', async () => {
    localStorage.setItem('duheng.wall', '{"places":["overview","gateways"],"seconds":5}');
    open();
    await screen.findByRole('button', { name: '暂停轮播' }, slow);
    vi.useFakeTimers();
    // The timer of the first page began in real time: a turn by hand begins one that is watched.
    act(() => void document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true })));
    expect(shown()).toBe('网关');
    act(() => void vi.advanceTimersByTime(4_900));
    expect(shown()).toBe('网关');
    act(() => void vi.advanceTimersByTime(200));
    expect(shown()).toBe('总览');
    act(() => void document.body.dispatchEvent(new KeyboardEvent('keydown', { key: ' ', bubbles: true })));
    act(() => void vi.advanceTimersByTime(60_000));
    expect(shown()).toBe('总览');
  });
});
