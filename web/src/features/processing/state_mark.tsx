import { useLanguage } from '../../i18n/index.tsx';
import type { DerivationState } from './processing_api.ts';

const looks: Record<DerivationState, string> = {
  applied: 'mark mark-ok',
  pending: 'mark mark-degraded',
  refused: 'mark mark-failed',
  removed: 'faint',
};

/** What has become of it at its gateway, and the gateway's words when it refused. */
export function StateMark({ state, problem }: { state: DerivationState; problem: string }) {
  const { t } = useLanguage();
  return (
    <>
      <span className={looks[state]}>{t(`processing.state_${state}`)}</span>
      {problem && <span className="is-fault"> {problem}</span>}
    </>
  );
}
