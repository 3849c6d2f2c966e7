import { memo, useEffect, useRef, useState } from 'react';
import type { DeviceDetail, Reading, RegisterLatest } from '../../api/types.ts';
import { QualityMarks } from '../../components/badges.tsx';
import { Empty } from '../../components/layout.tsx';
import { Age } from '../../components/time_text.tsx';
import { value_text } from '../../format/value.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { FrameLink } from '../provenance/frame_link.tsx';
import { OverdueMark } from '../sensors/overdue_mark.tsx';
import { grouped_registers, is_by_tariff, register_label } from './registers.ts';
import { slot_s } from './slot.ts';

const pulse_ms = 900;

/** True for a moment after a newer reading took the place of an older one. */
function usePulse(reading: Reading | null): boolean {
  const last_time = useRef(reading?.time);
  const [is_new, setNew] = useState(false);
  useEffect(() => {
    if (last_time.current === reading?.time) return;
    last_time.current = reading?.time;
    setNew(true);
    const timer = setTimeout(() => setNew(false), pulse_ms);
    return () => clearTimeout(timer);
  }, [reading?.time]);
  return is_new;
}

interface ReadoutProps {
  register: RegisterLatest;
  device: number;
  time_zone: string;
  stale_ms: number;
}

const Readout = memo(function Readout({ register, device, time_zone, stale_ms }: ReadoutProps) {
  const { t } = useLanguage();
  const { latest } = register;
  const is_new = usePulse(latest);
  const label = register_label(register.register, t);
  const text = latest?.value == null ? t('device.no_value') : value_text(register.register, register.kind, latest.value);
  return (
    <li className={is_new ? 'readout is-new' : 'readout'} data-register={register.register}>
      <span className="readout-label">{label}</span>
      {latest ? (
        <FrameLink
          frame={latest.frame}
          class_name="readout-value"
          label={t('device.open_frame', { register: label, value: `${text} ${register.unit}`.trim() })}
        >
          <span className={latest.value === null ? 'number faint' : 'number figure'}>{text}</span>{' '}
          {register.unit && <span className="unit">{register.unit}</span>}
        </FrameLink>
      ) : (
        <span className="readout-value faint">–</span>
      )}
      <span className="readout-foot">
        {latest && <QualityMarks quality={latest.quality} conflict={latest.conflict} />}
        {latest && <OverdueMark device={device} register={register.register} time={latest.time} />}
        <Age time={latest?.time ?? null} time_zone={time_zone} stale_ms={stale_ms} />
      </span>
    </li>
  );
});

function Readouts({ registers, device }: { registers: readonly RegisterLatest[]; device: DeviceDetail }) {
  return (
    <ul className="readouts">
      {registers.map((register) => (
        <Readout
          key={register.series_id}
          register={register}
          device={device.id}
          time_zone={device.time_zone}
          stale_ms={slot_s(device.interval_s) * 1_000}
        />
      ))}
    </ul>
  );
}

/** Every register's latest value, in plates by quantity; what a plate has by tariff stands behind a fold. */
export function LiveValues({ device }: { device: DeviceDetail }) {
  const { t } = useLanguage();
  if (device.registers.length === 0) return <Empty title={t('device.no_registers')} />;
  return (
    <div className="plates">
      {grouped_registers(device.registers).map(({ name, registers }) => {
        const by_tariff = registers.filter(({ register }) => is_by_tariff(register));
        return (
          <section key={name} className={`plate plate-${name}`} aria-label={t(`group.${name}`)}>
            <h3 className="plate-title">{t(`group.${name}`)}</h3>
            <Readouts registers={registers.filter(({ register }) => !is_by_tariff(register))} device={device} />
            {by_tariff.length > 0 && (
              <details className="plate-tariffs">
                <summary>{t('group.by_tariff', { count: by_tariff.length })}</summary>
                <Readouts registers={by_tariff} device={device} />
              </details>
            )}
          </section>
        );
      })}
    </div>
  );
}
