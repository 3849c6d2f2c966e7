import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { Dialog } from '../../components/dialog.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { Fact, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Age, TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { type EquipmentDetail, equipment_api, equipment_queries, type NewAttachment } from './equipment_api.ts';
import { EquipmentForm } from './equipment_form.tsx';
import { EquipmentState } from './equipment_state.tsx';
import { PortsPart } from './ports_part.tsx';

type Attached = EquipmentDetail['attachments'][number];

function as_new({ port, kind, gateway_id, channel, device_id }: Attached): NewAttachment {
  return {
    port,
    kind,
    ...(gateway_id ? { gateway_id } : {}),
    ...(channel ? { channel } : {}),
    ...(device_id ? { device_id } : {}),
  };
}

function SupervisionForm({ detail }: { detail: EquipmentDetail }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [credential, setCredential] = useState('');
  const [pings, setPings] = useState(true);
  const refresh = () => client.invalidateQueries({ queryKey: ['equipment'] });
  const begin = useMutation({
    mutationFn: () =>
      equipment_api.supervise(detail.id, {
        ping: pings,
        snmp: credential !== '',
        snmp_credential: credential.trim(),
        snmp_port: 161,
        snmp_model: 'snmp-switch',
      }),
    onSuccess: refresh,
  });
  const end = useMutation({ mutationFn: () => equipment_api.end_supervision(detail.id), onSuccess: refresh });
  const error = begin.error ?? end.error;
  return (
    <section className="equipment-section">
      <h3>{t('equipment.supervision')}</h3>
      {detail.status.checks.length > 0 ? (
        <button type="button" className="button" disabled={end.isPending} onClick={() => end.mutate()}>
          {t('equipment.supervision_end')}
        </button>
      ) : (
        <form
          className="edit-form"
          onSubmit={(event) => {
            event.preventDefault();
            begin.mutate();
          }}
        >
          <label className="check-line">
            <input type="checkbox" checked={pings} onChange={({ target }) => setPings(target.checked)} /> {t('equipment.ping')}
          </label>
          <TextField
            label={t('equipment.credential')}
            help={t('equipment.credential_help')}
            value={credential}
            length_max={20}
            is_mono
            on_change={setCredential}
          />
          <button type="submit" className="button button-main" disabled={begin.isPending || (!pings && !credential)}>
            {t('equipment.supervision_begin')}
          </button>
        </form>
      )}
      {error && <ProblemView error={error} />}
    </section>
  );
}

function AttachForm({ detail }: { detail: EquipmentDetail }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [port, setPort] = useState('');
  const [kind, setKind] = useState<NewAttachment['kind']>('device');
  const [number, setNumber] = useState('');
  const [channel, setChannel] = useState('');
  const present = detail.attachments.filter(({ to }) => to === null);
  const attach = useMutation({
    mutationFn: (all: NewAttachment[]) => equipment_api.attach(detail.id, all),
    onSuccess: () => client.invalidateQueries({ queryKey: ['equipment'] }),
  });
  const added = (): NewAttachment => ({
    port,
    kind,
    ...(kind === 'device' ? { device_id: Number(number) || 0 } : { gateway_id: Number(number) || 0 }),
    ...(kind === 'channel' ? { channel: channel.trim() } : {}),
  });
  return (
    <form
      className="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        attach.mutate([...present.map(as_new), added()]);
      }}
    >
      <TextField label={t('equipment.port')} value={port} length_max={64} on_change={setPort} />
      <SelectField
        label={t('equipment.what')}
        value={kind}
        options={(['device', 'channel', 'gateway'] as const).map((each) => ({ value: each, label: t(`equipment.what_${each}`) }))}
        on_change={(value) => value && setKind(value)}
      />
      <TextField
        label={t(kind === 'device' ? 'equipment.device_number' : 'equipment.gateway_number')}
        value={number}
        is_number
        on_change={setNumber}
      />
      {kind === 'channel' && <TextField label={t('equipment.channel')} value={channel} length_max={64} on_change={setChannel} />}
      {attach.isError && <ProblemView error={attach.error} />}
      <button type="submit" className="button" disabled={attach.isPending || !Number(number)}>
        {t('equipment.attach')}
      </button>
    </form>
  );
}

function Attachments({ detail, may_write }: { detail: EquipmentDetail; may_write: boolean }) {
  const { t } = useLanguage();
  const shown = detail.attachments.slice(0, 100);
  return (
    <section className="equipment-section">
      <h3>{t('equipment.attached')}</h3>
      {shown.length === 0 && <p className="faint">{t('equipment.attached_none')}</p>}
      <ul className="equipment-attached">
        {shown.map((one) => (
          <li key={`${one.port} ${one.kind} ${one.name} ${one.from}`} className={one.to === null ? '' : 'faint'}>
            <span className="mono">{one.port || '–'}</span> {t(`equipment.what_${one.kind}`)}{' '}
            {one.device_id ? <Link to={`/devices/${one.device_id}`}>{one.name}</Link> : one.name} {one.channel}{' '}
            <TimeText time={one.from} />
            {one.to !== null && (
              <>
                {' – '}
                <TimeText time={one.to} />
              </>
            )}
          </li>
        ))}
      </ul>
      {detail.attachments.length > shown.length && (
        <p className="faint">{t('equipment.attached_more', { count: detail.attachments.length - shown.length })}</p>
      )}
      {may_write && <AttachForm detail={detail} />}
    </section>
  );
}

function Content({ detail, may_write }: { detail: EquipmentDetail; may_write: boolean }) {
  const { t } = useLanguage();
  return (
    <>
      <dl className="facts">
        <Fact label={t('equipment.state')}>
          <EquipmentState status={detail.status} />
        </Fact>
        <Fact label={t('equipment.kind')}>{t(`equipment.kind_${detail.kind}`)}</Fact>
        <Fact label={t('equipment.address')}>
          <span className="mono">{detail.address || '–'}</span>
        </Fact>
        <Fact label={t('equipment.maker')}>{[detail.maker, detail.model].filter(Boolean).join(' ') || '–'}</Fact>
        <Fact label={t('equipment.serial')}>{detail.serial || '–'}</Fact>
        <Fact label={t('equipment.gateway')}>
          {detail.gateway ? <Link to={`/gateways/${detail.gateway.id}`}>{detail.gateway.name}</Link> : '–'}
        </Fact>
        <Fact label={t('equipment.parent')}>{detail.parent?.name ?? '–'}</Fact>
      </dl>
      {detail.status.checks.map((check) => (
        <p key={check.device_id}>
          <Link to={`/devices/${check.device_id}`}>{check.kind.toUpperCase()}</Link> {t(`equipment.check_${check.state}`)}{' '}
          <Age time={check.last_answer_at} stale_ms={60_000} />
        </p>
      ))}
      {may_write && <SupervisionForm detail={detail} />}
      <PortsPart detail={detail} may_write={may_write} />
      <Attachments detail={detail} may_write={may_write} />
    </>
  );
}

export function EquipmentDialog({ id, may_write, on_close }: { id: number; may_write: boolean; on_close: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [is_changing, setIsChanging] = useState(false);
  const detail = useQuery(equipment_queries.detail(id));
  const retire = useMutation({
    mutationFn: () => equipment_api.retire(id),
    onSuccess: async () => {
      on_close();
      await client.invalidateQueries({ queryKey: ['equipment'] });
    },
  });
  if (is_changing && detail.data) return <EquipmentForm of={detail.data} on_close={() => setIsChanging(false)} />;
  return (
    <Dialog title={detail.data?.name ?? t('equipment.title')} on_close={on_close}>
      {detail.isError && <ProblemView error={detail.error} on_retry={() => void detail.refetch()} />}
      {detail.isPending && <Skeleton rows={6} height={24} />}
      {detail.data && <Content detail={detail.data} may_write={may_write} />}
      {retire.isError && <ProblemView error={retire.error} />}
      {detail.data && may_write && (
        <p className="equipment-deeds">
          <button type="button" className="button" onClick={() => setIsChanging(true)}>
            {t('equipment.change')}
          </button>
          <button type="button" className="button" disabled={retire.isPending} onClick={() => retire.mutate()}>
            {t('equipment.retire')}
          </button>
        </p>
      )}
    </Dialog>
  );
}
