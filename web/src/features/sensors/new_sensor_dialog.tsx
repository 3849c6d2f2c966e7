import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { sensor_api } from './sensor_api.ts';
import {
  CalibrationFields,
  calibration_of,
  DateField,
  DetailsFields,
  details_input,
  details_of,
  no_calibration,
} from './sensor_form.tsx';

export function NewSensorDialog({ on_close }: { on_close: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [device, setDevice] = useState('');
  const [register, setRegister] = useState('');
  const [since, setSince] = useState('');
  const [details, setDetails] = useState(details_input());
  const [calibration, setCalibration] = useState(no_calibration);
  const create = useMutation({
    mutationFn: sensor_api.create,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['sensors'] });
      on_close();
    },
  });
  return (
    <Dialog title={t('sensors.new')} on_close={on_close}>
      <form
        className="edit-form"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate({
            device_id: Number(device) || 0,
            register: register.trim(),
            from: `${since || '2000-01-01'}T00:00:00Z`,
            ...details_of(details),
            calibration: calibration_of(calibration),
          });
        }}
      >
        <div className="sensor-fields">
          <TextField label={t('sensors.device')} help={t('sensors.device_help')} value={device} is_number on_change={setDevice} />
          <TextField label={t('sensors.register')} value={register} on_change={setRegister} />
          <DateField label={t('sensors.since')} value={since} on_change={setSince} />
        </div>
        <DetailsFields input={details} on_change={setDetails} />
        <CalibrationFields input={calibration} on_change={setCalibration} />
        {create.isError && <ProblemView error={create.error} />}
        <button type="submit" className="button button-main" disabled={create.isPending}>
          {t('sensors.save')}
        </button>
      </form>
    </Dialog>
  );
}
