import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Choice } from '../../components/choice.tsx';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Age } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { type EquipmentDetail, type EquipmentPort, equipment_api, type PortSupervision } from './equipment_api.ts';

const marks = { unknown: 'mark', up: 'mark mark-ok', down: 'mark mark-degraded', disabled: 'mark' } as const;
const supervisions: readonly PortSupervision[] = ['by_use', 'always', 'never'];

function PortState({ port }: { port: EquipmentPort }) {
  const { t } = useLanguage();
  return (
    <>
      <span className={port.alarm ? 'mark mark-failed' : marks[port.state]}>{t(`equipment.port_${port.state}`)}</span>{' '}
      <span className="small faint">
        <Age time={port.since} />
      </span>
    </>
  );
}

/** The ports as SNMP tells of them, and which of them are an alarm without a link. */
export function PortsPart({ detail, may_write }: { detail: EquipmentDetail; may_write: boolean }) {
  const { t, language } = useLanguage();
  const numbers = new Intl.NumberFormat(language);
  const client = useQueryClient();
  const supervise = useMutation({
    mutationFn: ({ port, to }: { port: number; to: PortSupervision }) => equipment_api.supervise_port(detail.id, port, to),
    onSuccess: () => client.invalidateQueries({ queryKey: ['equipment'] }),
  });
  const count = (value: number | null) => (value === null ? '–' : numbers.format(value));
  const hanging = (port: number) =>
    detail.attachments.filter((one) => one.to === null && Number(/\d+$/.exec(one.port)?.[0]) === port).length;
  const columns: Column<EquipmentPort>[] = [
    { key: 'number', header: t('equipment.port'), is_title: true, cell: (port) => <span className="mono">{port.number}</span> },
    { key: 'state', header: t('equipment.state'), is_corner: true, cell: (port) => <PortState port={port} /> },
    { key: 'hanging', header: t('equipment.attached'), align: 'end', cell: (port) => numbers.format(hanging(port.number)) },
    {
      key: 'octets',
      header: t('equipment.port_octets'),
      align: 'end',
      cell: (port) => (
        <>
          {count(port.octets_in)}
          <br />
          {count(port.octets_out)}
        </>
      ),
    },
    {
      key: 'errors',
      header: t('equipment.port_errors'),
      align: 'end',
      cell: (port) => (
        <>
          {count(port.errors_in)}
          {port.errors_per_hour !== null && <br />}
          {port.errors_per_hour !== null && t('equipment.port_error_rate', { count: port.errors_per_hour })}
        </>
      ),
    },
    {
      key: 'supervision',
      header: t('equipment.supervision'),
      cell: (port) =>
        may_write ? (
          <Choice
            label={t('equipment.port_supervision_of', { port: port.number })}
            value={port.supervision}
            options={supervisions.map((value) => ({ value, label: t(`equipment.port_supervision_${value}`) }))}
            on_change={(to) => to && supervise.mutate({ port: port.number, to })}
          />
        ) : (
          t(`equipment.port_supervision_${port.supervision}`)
        ),
    },
  ];
  if (detail.ports.length === 0) return null;
  return (
    <section className="equipment-section">
      <h3>{t('equipment.ports')}</h3>
      <p className="faint small">{t('equipment.ports_help')}</p>
      {supervise.isError && <ProblemView error={supervise.error} />}
      <DataTable
        class_name="equipment-ports"
        caption={t('equipment.ports')}
        columns={columns}
        rows={detail.ports}
        row_key={(port) => port.number}
      />
    </section>
  );
}
