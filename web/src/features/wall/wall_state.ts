/** Which pages a control-room screen shows in turn, and for how long each. Kept in the browser that drives the screen. */
export const wall_places = ['overview', 'alarms', 'devices', 'gateways', 'consumption', 'status'] as const;
export type WallPlace = (typeof wall_places)[number];

export interface WallState {
  places: readonly WallPlace[];
  seconds: number;
}

export const seconds_min = 5;
export const seconds_max = 3600;
export const first_state: WallState = { places: ['overview', 'alarms', 'devices', 'gateways'], seconds: 20 };
const storage_key = 'duheng.wall';

export function is_wall_place(text: string | undefined): text is WallPlace {
  return wall_places.some((place) => place === text);
}

/** What was kept, as far as it makes sense: unknown places are left out, the time is brought within its bounds. */
export function read_wall_state(text: string | null): WallState {
  if (text === null) return first_state;
  try {
    const kept = JSON.parse(text) as { places?: unknown; seconds?: unknown };
    const places = Array.isArray(kept.places) ? kept.places.filter((place) => is_wall_place(place)) : [];
    const seconds = typeof kept.seconds === 'number' && Number.isFinite(kept.seconds) ? kept.seconds : first_state.seconds;
    return {
      places: places.length > 0 ? wall_places.filter((place) => places.includes(place)) : first_state.places,
      seconds: Math.min(seconds_max, Math.max(seconds_min, Math.round(seconds))),
    };
  } catch {
    return first_state;
  }
}

export const load_wall_state = (): WallState => read_wall_state(localStorage.getItem(storage_key));
export const save_wall_state = (state: WallState): void => localStorage.setItem(storage_key, JSON.stringify(state));

/** The place before (-1) or after (1) one in the ring; the first when the screen no longer shows it. */
export function neighbour(places: readonly WallPlace[], place: WallPlace, step: 1 | -1): WallPlace {
  const at = places.indexOf(place);
  const next = at < 0 ? 0 : (at + step + places.length) % places.length;
  return places[next] ?? first_state.places[0] ?? 'overview';
}

/** Lists open with what a control room looks for first. */
export const wall_address = (place: WallPlace): string =>
  place === 'devices' ? '/wall/devices?state=offline&sort=last_reading' : `/wall/${place}`;
