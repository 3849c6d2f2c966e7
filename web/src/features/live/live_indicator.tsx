import { useLanguage } from '../../i18n/index.tsx';
import { useLiveState } from './live_context.tsx';

/** Says in shape and words whether values come by themselves. */
export function LiveIndicator() {
  const { t } = useLanguage();
  const state = useLiveState();
  return (
    <output className={`live-indicator live-${state}`}>
      <span className="live-dot" aria-hidden="true" />
      <span className="live-text">{t(`live.${state}`)}</span>
    </output>
  );
}
