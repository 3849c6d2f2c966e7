import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { type SensorDetail, sensor_api, sensor_queries } from './sensor_api.ts';
import {
  CalibrationFields,
  calibration_of,
  DateField,
  DetailsFields,
  details_input,
  details_of,
  no_calibration,
} from './sensor_form.tsx';
import { usePlaceText } from './sensor_texts.ts';

type Act = 'calibrate' | 'edit' | 'exchange';

/** One of the three things that can be done, with its form. */
function ActForm({ sensor, act, on_done }: { sensor: SensorDetail; act: Act; on_done: (sensor: SensorDetail) => void }) {
  const { t } = useLanguage();
  const [details, setDetails] = useState(
    act === 'exchange' ? { ...details_input(sensor), serial_number: '' } : details_input(sensor),
  );
  const [calibration, setCalibration] = useState(no_calibration);
  const [at, setAt] = useState('');
  const [reason, setReason] = useState('');
  const send = useMutation({
    mutationFn: () =>
      act === 'edit'
        ? sensor_api.edit(sensor.id, details_of(details))
        : act === 'calibrate'
          ? sensor_api.calibrate(sensor.id, calibration_of(calibration) ?? { on: '', interval_days: 0 })
          : sensor_api.exchange(sensor.id, {
              at: `${at || '2000-01-01'}T00:00:00Z`,
              reason: reason.trim(),
              ...details_of(details),
              calibration: calibration_of(calibration),
            }),
    onSuccess: on_done,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate();
  };
  return (
    <form className="edit-form" aria-label={t(`sensors.${act}`)} onSubmit={submit}>
      {act === 'exchange' && (
        <div className="sensor-fields">
          <DateField label={t('sensors.at')} value={at} on_change={setAt} />
          <TextField label={t('sensors.reason')} value={reason} on_change={setReason} length_max={300} />
        </div>
      )}
      {act !== 'calibrate' && <DetailsFields input={details} on_change={setDetails} />}
      {act !== 'edit' && <CalibrationFields input={calibration} on_change={setCalibration} />}
      {send.isError && <ProblemView error={send.error} />}
      <button type="submit" className="button button-main" disabled={send.isPending}>
        {t('sensors.save')}
      </button>
    </form>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function History({ sensor }: { sensor: SensorDetail }) {
  const { t } = useLanguage();
  return (
    <>
      <Section title={t('sensors.calibrations')}>
        {sensor.calibrations.length === 0 && <p className="faint">{t('sensors.no_calibrations')}</p>}
        <ul className="sensor-list">
          {sensor.calibrations.map(({ on, due, certificate }) => (
            <li key={on}>{t('sensors.calibration_line', { on, due, certificate: certificate || '–' })}</li>
          ))}
        </ul>
      </Section>
      <Section title={t('sensors.chain')}>
        <ul className="sensor-list">
          {sensor.chain.map((one) => (
            <li key={one.id}>
              <span className="mono">{one.serial_number || '–'}</span> · {one.from.slice(0, 10)} –{' '}
              {one.to?.slice(0, 10) ?? t('sensors.chain_now')}
            </li>
          ))}
        </ul>
      </Section>
      <Section title={t('sensors.history')}>
        <ul className="sensor-list">
          {sensor.events.map((event) => (
            <li key={`${event.made_at} ${event.action} ${event.detail}`}>
              <TimeText time={event.made_at} time_zone="Asia/Shanghai" /> {event.author} · {event.action} · {event.detail}
            </li>
          ))}
        </ul>
      </Section>
    </>
  );
}

/** A sensor's papers, and what can be done about them. */
export function SensorDialog({
  id,
  may_write,
  on_open,
  on_close,
}: {
  id: number;
  may_write: boolean;
  on_open: (id: number) => void;
  on_close: () => void;
}) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const place = usePlaceText();
  const [act, setAct] = useState<Act | null>(null);
  const sensor = useQuery(sensor_queries.detail(id));
  const done = async (now: SensorDetail) => {
    setAct(null);
    client.setQueryData(['sensor', now.id], now);
    await Promise.all(['sensors', 'calibration'].map((name) => client.invalidateQueries({ queryKey: [name] })));
    if (now.id !== id) on_open(now.id);
  };
  const title = sensor.data ? `${sensor.data.device.name} · ${place(sensor.data.register)}` : t('sensors.title');
  return (
    <Dialog title={title} on_close={on_close}>
      {sensor.isPending && <Skeleton rows={6} height={24} />}
      {sensor.isError && <ProblemView error={sensor.error} on_retry={() => void sensor.refetch()} />}
      {sensor.data && (
        <>
          <p className={`calibration-state is-${sensor.data.state}`}>{t(`sensors.state_${sensor.data.state}`)}</p>
          {may_write && sensor.data.to === null && (
            <div className="sensor-tools">
              {(['calibrate', 'exchange', 'edit'] as const).map((one) => (
                <button
                  key={one}
                  type="button"
                  className="button"
                  aria-pressed={act === one}
                  onClick={() => setAct(act === one ? null : one)}
                >
                  {t(`sensors.${one}`)}
                </button>
              ))}
            </div>
          )}
          {act && <ActForm key={act} sensor={sensor.data} act={act} on_done={(now) => void done(now)} />}
          <History sensor={sensor.data} />
        </>
      )}
    </Dialog>
  );
}
