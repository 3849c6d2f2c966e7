import { useQuery } from '@tanstack/react-query';
import { queries } from '../../api/queries.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { usePollInterval } from '../live/live_context.tsx';
import { severities } from './severity.tsx';
import './alarms.css';

/** How many alarms nobody has acknowledged, in the colour of the worst; nothing when there are none. */
export function AlarmBadge() {
  const { t } = useLanguage();
  const counts = useQuery({ ...queries.alarm_counts(), refetchInterval: usePollInterval(60_000, 10_000) });
  if (!counts.data) return null;
  const { unacknowledged } = counts.data;
  const total = severities.reduce((sum, one) => sum + unacknowledged[one], 0);
  const worst = severities.find((one) => unacknowledged[one] > 0);
  if (!worst) return null;
  return (
    <span className={`alarm-badge severity-fill-${worst}`} data-count={total}>
      <span aria-hidden="true">{total > 999 ? '999+' : total}</span>
      <span className="visually-hidden">{t('alarms.badge', { count: total })}</span>
    </span>
  );
}
