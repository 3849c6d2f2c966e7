import type { JobState, OrderState } from '../../api/types.ts';
import { is_message_key, type MessageKey, type Translate, useLanguage } from '../../i18n/index.tsx';

const final_states: readonly OrderState[] = ['done', 'refused', 'unknown', 'failed', 'expired', 'cancelled'];
export const is_final = (state: OrderState) => final_states.includes(state);
export const order_states: readonly OrderState[] = [
  'done',
  'failed',
  'refused',
  'unknown',
  'expired',
  'cancelled',
  'under_way',
  'waiting',
  'handed_over',
  'queued',
];
const marks: Record<OrderState, string> = {
  queued: '…',
  handed_over: '…',
  waiting: '…',
  under_way: '▸',
  done: '✓',
  refused: '✕',
  unknown: '?',
  failed: '✕',
  expired: '▲',
  cancelled: '–',
};

/** Each state has its own mark, so that none is told by colour alone. */
export function OrderBadge({ state }: { state: OrderState }) {
  const { t } = useLanguage();
  return (
    <span className={`order-state order-${state}`} title={t(`order_state.${state}_hint`)}>
      <span aria-hidden="true">{marks[state]}</span> {t(`order_state.${state}`)}
    </span>
  );
}

export function JobBadge({ state }: { state: JobState }) {
  const { t } = useLanguage();
  const looks: Record<JobState, string> = {
    awaiting_confirmation: 'mark mark-degraded',
    running: 'order-state',
    finished: 'mark mark-ok',
    cancelled: 'order-state faint',
    lapsed: 'order-state faint',
  };
  return <span className={looks[state]}>{t(`job_state.${state}`)}</span>;
}

/** The machine word of a result in the user's language; the platform's own words where this page does not know it. */
export function reason_text(reason: string, detail: string, t: Translate): string {
  const key = `order_reason.${reason}`;
  return is_message_key(key) ? t(key as MessageKey & 'order_reason.no_answer') : detail || reason.replaceAll('_', ' ');
}
