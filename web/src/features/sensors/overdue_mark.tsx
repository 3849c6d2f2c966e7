import { useQuery } from '@tanstack/react-query';
import { useLanguage } from '../../i18n/index.tsx';
import { type OverduePeriod, sensor_queries } from './sensor_api.ts';

/** Whether a value of that register and time came from a sensor past its calibration date. */
export function is_overdue(periods: readonly OverduePeriod[], register: string, time: string): boolean {
  const at = Date.parse(time);
  return periods.some(
    (period) =>
      (period.register === '' || period.register === register) &&
      Date.parse(period.from) <= at &&
      (period.to === null || at < Date.parse(period.to)),
  );
}

/** The mark itself. */
export function PastCalibration() {
  const { t } = useLanguage();
  return (
    <span className="quality-mark overdue-mark" title={t('sensors.overdue_hint')}>
      {t('sensors.overdue_mark')}
    </span>
  );
}

/** The mark beside such a value; nothing beside others. */
export function OverdueMark({ device, register, time }: { device: number; register: string; time: string }) {
  const { data } = useQuery(sensor_queries.overdue(device));
  return data && is_overdue(data.overdue, register, time) ? <PastCalibration /> : null;
}
