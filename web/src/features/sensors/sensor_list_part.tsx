import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { Link } from 'react-router';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { useSession } from '../session/session.tsx';
import { NewSensorDialog } from './new_sensor_dialog.tsx';
import { type CalibrationState, type Sensor, sensor_api, sensor_queries, table_url } from './sensor_api.ts';
import { SensorDialog } from './sensor_dialog.tsx';
import { usePlaceText, useQuantityText } from './sensor_texts.ts';
import { useListState } from './use_list_state.ts';

const states: CalibrationState[] = ['overdue', 'due', 'valid', 'unknown'];

function useColumns(on_open: (id: number) => void): Column<Sensor>[] {
  const { t } = useLanguage();
  const place = usePlaceText();
  const quantity = useQuantityText();
  return [
    {
      key: 'place',
      header: t('sensors.column_register'),
      is_title: true,
      cell: (sensor) => (
        <button
          type="button"
          className="button button-quiet"
          aria-label={t('sensors.open', { device: sensor.device.name, place: place(sensor.register) })}
          onClick={() => on_open(sensor.id)}
        >
          {place(sensor.register)}
        </button>
      ),
    },
    {
      key: 'device',
      header: t('sensors.column_device'),
      cell: ({ device }) => <Link to={`/devices/${device.id}`}>{device.name}</Link>,
    },
    { key: 'quantity', header: t('sensors.column_quantity'), cell: (sensor) => quantity(sensor.quantity) },
    { key: 'class', header: t('sensors.column_class'), is_minor: true, cell: (sensor) => sensor.accuracy_class || '–' },
    {
      key: 'range',
      header: t('sensors.column_range'),
      is_minor: true,
      cell: ({ range_low, range_high, range_unit }) =>
        range_low === null && range_high === null ? '–' : `${range_low ?? ''} … ${range_high ?? ''} ${range_unit}`,
    },
    { key: 'protection', header: t('sensors.column_protection'), is_minor: true, cell: (sensor) => sensor.protection || '–' },
    {
      key: 'serial',
      header: t('sensors.column_serial'),
      cell: (sensor) => <span className="mono">{sensor.serial_number || '–'}</span>,
    },
    {
      key: 'due',
      header: t('sensors.column_due'),
      cell: ({ calibration }) => <span className="number">{calibration?.due ?? '–'}</span>,
    },
    {
      key: 'state',
      header: t('sensors.column_state'),
      is_corner: true,
      cell: ({ state }) => <span className={`calibration-state is-${state}`}>{t(`sensors.state_${state}`)}</span>,
    },
  ];
}

/** What an operator may do with the whole list. */
function Tools({ on_new }: { on_new: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ['sensors'] });
  const adopt = useMutation({ mutationFn: sensor_api.adopt, onSuccess: refresh });
  const load = useMutation({ mutationFn: sensor_api.import_table, onSuccess: refresh });
  const error = adopt.error ?? load.error;
  return (
    <>
      <div className="sensor-tools">
        <button type="button" className="button button-main" onClick={on_new}>
          {t('sensors.new')}
        </button>
        <button type="button" className="button" disabled={adopt.isPending} onClick={() => adopt.mutate()}>
          {t('sensors.adopt')}
        </button>
        <button type="button" className="button" disabled={load.isPending} onClick={() => input.current?.click()}>
          {t('sensors.import')}
        </button>
        <input
          ref={input}
          type="file"
          accept=".csv,text/csv"
          hidden
          aria-label={t('sensors.import')}
          onChange={({ target }) => {
            const file = target.files?.[0];
            if (file) load.mutate(file);
            target.value = '';
          }}
        />
        <span role="status">
          {adopt.data && t('sensors.adopted', { count: adopt.data.made })}
          {load.data?.errors.length === 0 && t('sensors.imported', { made: load.data.made, changed: load.data.changed })}
        </span>
      </div>
      {error && <ProblemView error={error} />}
      {load.data && load.data.errors.length > 0 && (
        <div role="alert">
          <p>{t('sensors.import_refused')}</p>
          <ul className="sensor-list">
            {load.data.errors.map(({ line, message }) => (
              <li key={`${line} ${message}`}>{t('sensors.import_line', { line, message })}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

export default function SensorListPart() {
  const { t } = useLanguage();
  const session = useSession();
  const list = useListState();
  const [is_new, setIsNew] = useState(false);
  const [opened, setOpened] = useState<number | null>(null);
  const search = list.of('search');
  const state = list.of('state');
  const sensors = useQuery(sensor_queries.list(list.page, search, state));
  const columns = useColumns(setOpened);
  const may_write = session.data !== undefined && session.data?.role !== 'viewer';
  return (
    <>
      {may_write && <Tools on_new={() => setIsNew(true)} />}
      <div className="filters">
        <input
          type="search"
          className="field-input"
          aria-label={t('sensors.search')}
          placeholder={t('sensors.search')}
          maxLength={100}
          value={search}
          onChange={({ target }) => list.change('search', target.value)}
        />
        <select
          className="field-input"
          aria-label={t('sensors.filter_state')}
          value={state}
          onChange={({ target }) => list.change('state', target.value)}
        >
          <option value="">{t('sensors.all')}</option>
          {states.map((one) => (
            <option key={one} value={one}>
              {t(`sensors.state_${one}`)}
            </option>
          ))}
        </select>
        <a className="button" href={table_url(search, state)} download>
          {t('sensors.export')}
        </a>
        {sensors.data && (
          <span role="status">{t('sensors.summary', { overdue: sensors.data.overdue, due: sensors.data.due })}</span>
        )}
      </div>
      {sensors.isError && <ProblemView error={sensors.error} on_retry={() => void sensors.refetch()} />}
      {sensors.isPending && <Skeleton rows={8} height={30} />}
      {sensors.data?.sensors.length === 0 && <Empty title={t('sensors.empty')} hint={t('sensors.empty_hint')} />}
      {sensors.data && sensors.data.sensors.length > 0 && (
        <>
          <DataTable
            caption={t('sensors.caption')}
            columns={columns}
            rows={sensors.data.sensors}
            row_key={({ id }) => id}
            is_stale={sensors.isPlaceholderData}
          />
          <Pager
            page={list.page}
            pages={Math.ceil(sensors.data.total / sensors.data.page_size)}
            on_change={(wanted) => list.change('page', wanted > 1 ? String(wanted) : '')}
          />
        </>
      )}
      {is_new && <NewSensorDialog on_close={() => setIsNew(false)} />}
      {opened !== null && (
        <SensorDialog key={opened} id={opened} may_write={may_write} on_open={setOpened} on_close={() => setOpened(null)} />
      )}
    </>
  );
}
