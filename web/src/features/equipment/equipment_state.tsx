import { useLanguage } from '../../i18n/index.tsx';
import type { EquipmentStatus } from './equipment_api.ts';

const marks = { unknown: 'mark', up: 'mark mark-ok', degraded: 'mark mark-degraded', down: 'mark mark-failed' } as const;

/** How a piece is; what is not known at present says so. */
export function EquipmentState({ status }: { status: EquipmentStatus }) {
  const { t } = useLanguage();
  if (status.checks.length === 0) return <span className="faint">{t('equipment.not_supervised')}</span>;
  return (
    <span className={marks[status.state]}>
      {t(`equipment.state_${status.state}`)}
      {status.flapping && ` · ${t('equipment.flapping')}`}
      {!status.known && status.state !== 'unknown' && ` · ${t('equipment.stale')}`}
    </span>
  );
}
