import type { DeviceState } from '../api/types.ts';
import { findings } from '../format/value.ts';
import { is_message_key, useLanguage } from '../i18n/index.tsx';

/** Each state has its own shape, so that none is told by colour alone. */
const shapes: Record<DeviceState, string> = {
  online: 'M6 1.2a4.8 4.8 0 1 0 0 9.6a4.8 4.8 0 1 0 0-9.6z',
  late: 'M6 .8 11.5 10.8H.5z',
  offline: 'M1.5 1.5h9v9h-9z',
  never: '',
};

export function StateShape({ state }: { state: DeviceState }) {
  return (
    <svg className={`state-shape state-${state}`} width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" focusable="false">
      {state === 'never' ? <circle cx="6" cy="6" r="4.3" /> : <path d={shapes[state]} />}
      {state === 'offline' && <path className="state-cut" d="M3.8 3.8l4.4 4.4M8.2 3.8 3.8 8.2" />}
    </svg>
  );
}

export function StateBadge({ state }: { state: DeviceState }) {
  const { t } = useLanguage();
  return (
    <span className={`state-badge state-text-${state}`} title={t(`state.${state}_hint`)}>
      <StateShape state={state} />
      {t(`state.${state}`)}
    </span>
  );
}

/** The findings on a reading; nothing when it is good. */
export function QualityMarks({ quality, conflict = false }: { quality: string; conflict?: boolean | undefined }) {
  const { t } = useLanguage();
  const names = [...findings(quality), ...(conflict ? ['conflict'] : [])];
  return names.map((name) => {
    const key = `quality.${name}`;
    return (
      <span key={name} className="quality-mark">
        <span aria-hidden="true">▲</span> {is_message_key(key) ? t(key as 'quality.good') : name}
      </span>
    );
  });
}
