import { type ComponentType, lazy, type ReactNode, Suspense, useCallback, useEffect, useId, useState } from 'react';
import { Navigate, useNavigate, useParams } from 'react-router';
import { useServerNow } from '../../api/server_clock.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorBoundary } from '../../components/error_boundary.tsx';
import { Icon, type IconName } from '../../components/icons.tsx';
import { Skeleton } from '../../components/layout.tsx';
import { clock_text, usable_time_zone } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { Mark } from '../../theme/mark.tsx';
import { LiveProvider } from '../live/live_context.tsx';
import { LiveIndicator } from '../live/live_indicator.tsx';
import { useSession } from '../session/session.tsx';
import {
  is_wall_place,
  load_wall_state,
  neighbour,
  save_wall_state,
  seconds_max,
  seconds_min,
  type WallPlace,
  type WallState,
  wall_address,
  wall_places,
} from './wall_state.ts';
import './wall.css';

const pages: Record<WallPlace, ComponentType> = {
  overview: lazy(() => import('../overview/overview_page.tsx')),
  alarms: lazy(() => import('../alarms/alarms_page.tsx')),
  devices: lazy(() => import('../devices/device_list_page.tsx')),
  gateways: lazy(() => import('../gateways/gateways_page.tsx')),
  consumption: lazy(() => import('../aggregates/fleet_page.tsx')),
  status: lazy(() => import('../status/status_page.tsx')),
};

function WallClock() {
  const now_ms = useServerNow();
  return <time className="wall-clock">{clock_text(now_ms, usable_time_zone(undefined))}</time>;
}

function Tool({ icon, label, on_click, pressed }: { icon: IconName; label: string; on_click: () => void; pressed?: boolean }) {
  return (
    <button type="button" className="button button-quiet wall-tool" aria-pressed={pressed} title={label} onClick={on_click}>
      <Icon name={icon} size={20} />
      <span className="visually-hidden">{label}</span>
    </button>
  );
}

function Settings({ state, on_save, on_close }: { state: WallState; on_save: (state: WallState) => void; on_close: () => void }) {
  const { t } = useLanguage();
  const session = useSession();
  const [places, setPlaces] = useState(state.places);
  const [seconds, setSeconds] = useState(String(state.seconds));
  const id = useId();
  const wanted = Number(seconds);
  const is_valid = places.length > 0 && Number.isInteger(wanted) && wanted >= seconds_min && wanted <= seconds_max;
  const offered = wall_places.filter((place) => place !== 'status' || session.data?.whole_platform);
  return (
    <Dialog title={t('wall.settings')} on_close={on_close}>
      <form
        className="wall-settings"
        onSubmit={(event) => {
          event.preventDefault();
          if (is_valid) on_save({ places: wall_places.filter((place) => places.includes(place)), seconds: wanted });
        }}
      >
        <fieldset>
          <legend>{t('wall.pages')}</legend>
          {offered.map((place) => (
            <label key={place} className="wall-choice">
              <input
                type="checkbox"
                checked={places.includes(place)}
                onChange={({ target }) =>
                  setPlaces(target.checked ? [...places, place] : places.filter((other) => other !== place))
                }
              />
              {t(`wall.place_${place}`)}
            </label>
          ))}
        </fieldset>
        <label htmlFor={id}>{t('wall.seconds')}</label>
        <input
          id={id}
          type="number"
          inputMode="numeric"
          min={seconds_min}
          max={seconds_max}
          value={seconds}
          onChange={({ target }) => setSeconds(target.value)}
        />
        {!is_valid && <p role="alert">{t('wall.settings_wrong', { min: seconds_min, max: seconds_max })}</p>}
        <button type="submit" className="button button-primary" disabled={!is_valid}>
          {t('wall.save')}
        </button>
      </form>
    </Dialog>
  );
}

/** Keys of a screen that nobody sits at; none while somebody types or a dialog is open. */
function useKeys(actions: Record<string, () => void>) {
  useEffect(() => {
    const on_key = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.altKey || event.metaKey || target.closest('input, select, textarea, [role="dialog"], dialog'))
        return;
      if (event.key === ' ' && target.closest('button, a')) return;
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener('keydown', on_key);
    return () => document.removeEventListener('keydown', on_key);
  }, [actions]);
}

function toggle_full_screen() {
  // Refused by the browser without a gesture, or by its policy: the page works without.
  if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
  else void document.documentElement.requestFullscreen?.().catch(() => undefined);
}

function Frame({ place, children }: { place: WallPlace; children: ReactNode }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const [state, setState] = useState(load_wall_state);
  const [is_paused, setPaused] = useState(false);
  const [is_setting, setSetting] = useState(false);
  const turn = useCallback(
    (step: 1 | -1) => void navigate(wall_address(neighbour(state.places, place, step)), { replace: true }),
    [navigate, state.places, place],
  );
  const holds = is_paused || is_setting || state.places.length < 2;
  useEffect(() => {
    if (holds) return;
    const timer = window.setTimeout(() => turn(1), state.seconds * 1000);
    return () => window.clearTimeout(timer);
  }, [holds, turn, state.seconds]);
  useKeys({
    ArrowRight: () => turn(1),
    ArrowLeft: () => turn(-1),
    ' ': () => setPaused((before) => !before),
    f: toggle_full_screen,
  });
  return (
    <div className="wall">
      <header className="wall-head">
        <Mark size={28} />
        <span className="wall-name">{t(`wall.place_${place}`)}</span>
        <ol className="wall-ring" aria-label={t('wall.pages')}>
          {state.places.map((one) => (
            <li key={one} aria-current={one === place ? 'page' : undefined}>
              <span className="visually-hidden">{t(`wall.place_${one}`)}</span>
            </li>
          ))}
        </ol>
        <LiveIndicator />
        <WallClock />
        <Tool icon="left" label={t('wall.previous')} on_click={() => turn(-1)} />
        <Tool
          icon={is_paused ? 'play' : 'pause'}
          label={t(is_paused ? 'wall.go_on' : 'wall.pause')}
          pressed={is_paused}
          on_click={() => setPaused(!is_paused)}
        />
        <Tool icon="right" label={t('wall.next')} on_click={() => turn(1)} />
        <Tool icon="full_screen" label={t('wall.full_screen')} on_click={toggle_full_screen} />
        <Tool icon="settings" label={t('wall.settings')} on_click={() => setSetting(true)} />
        <Tool icon="close" label={t('wall.leave')} on_click={() => void navigate('/')} />
      </header>
      <main id="content" className="wall-content">
        {children}
      </main>
      {is_setting && (
        <Settings
          state={state}
          on_close={() => setSetting(false)}
          on_save={(next) => {
            save_wall_state(next);
            setState(next);
            setSetting(false);
            if (!next.places.includes(place)) void navigate(wall_address(next.places[0] ?? 'overview'), { replace: true });
          }}
        />
      )}
    </div>
  );
}

/** Pages in turn on the screen of a control room: no navigation, large type, works by keyboard and by touch. */
export default function WallPage() {
  const { t } = useLanguage();
  const { place } = useParams();
  if (!is_wall_place(place)) return <Navigate to={wall_address(load_wall_state().places[0] ?? 'overview')} replace />;
  const Page = pages[place];
  return (
    <LiveProvider>
      <Frame place={place}>
        <ErrorBoundary key={place} fallback={<p role="alert">{t('error.render')}</p>}>
          <Suspense fallback={<Skeleton rows={6} height={22} />}>
            <Page />
          </Suspense>
        </ErrorBoundary>
      </Frame>
    </LiveProvider>
  );
}
