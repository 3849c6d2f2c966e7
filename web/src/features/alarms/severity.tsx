import type { AlarmSeverity } from '../../api/types.ts';
import { useLanguage } from '../../i18n/index.tsx';

/** The worst first. */
export const severities = ['critical', 'major', 'warning', 'notice'] as const;

/** Each has its own shape, so that none is told by colour alone. */
const shapes: Record<AlarmSeverity, string> = {
  critical: 'M1.5 1.5h9v9h-9z',
  major: 'M6 .8 11.5 10.8H.5z',
  warning: 'M6 .7 11.3 6 6 11.3.7 6z',
  notice: 'M6 1.2a4.8 4.8 0 1 0 0 9.6a4.8 4.8 0 1 0 0-9.6z',
};

export function SeverityBadge({ severity }: { severity: AlarmSeverity }) {
  const { t } = useLanguage();
  return (
    <span className={`severity severity-${severity}`} title={t(`alarms.severity_${severity}_hint`)}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" focusable="false">
        <path d={shapes[severity]} />
      </svg>
      {t(`alarms.severity_${severity}`)}
    </span>
  );
}
