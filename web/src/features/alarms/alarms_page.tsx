import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { queries } from '../../api/queries.ts';
import type { Alarm, AlarmKind, AlarmQuery } from '../../api/types.ts';
import { Choice } from '../../components/choice.tsx';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Empty, PageHeader, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Age } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { usePollInterval } from '../live/live_context.tsx';
import { useSession } from '../session/session.tsx';
import { AlarmDialog, SubjectName } from './alarm_dialog.tsx';
import { is_sound_on, switch_sound } from './alarm_sound.ts';
import { kind_title, texts_of } from './alarm_text.ts';
import { type Deed, DeedForm } from './deed_form.tsx';
import { SeverityBadge, severities } from './severity.tsx';
import './alarms.css';

const page_size = 50;
const states = ['open', 'active', 'over', 'shelved', 'closed', 'all'] as const;

function query_of(parameters: URLSearchParams, page: number): AlarmQuery {
  const state = states.find((one) => one === parameters.get('state'));
  const severity = severities.find((one) => one === parameters.get('severity'));
  const kind = parameters.get('kind');
  const acknowledged = parameters.get('acknowledged');
  const site_id = Number(parameters.get('site_id'));
  return {
    page,
    page_size,
    ...(state ? { state } : {}),
    ...(severity ? { severity } : {}),
    ...(kind ? { kind } : {}),
    ...(acknowledged === 'true' || acknowledged === 'false' ? { acknowledged } : {}),
    ...(site_id > 0 ? { site_id } : {}),
  };
}

/** Beside the message: who knows of it, what hangs under it. */
function Marks({ alarm }: { alarm: Alarm }) {
  const { t } = useLanguage();
  return (
    <span className="alarm-marks">
      <span>{t(`alarms.state_${alarm.state}`)}</span>
      {alarm.escalated && <span className="alarm-escalated">{t('alarms.escalated')}</span>}
      {alarm.acknowledgement && <span>{t('alarms.seen_by', { name: alarm.acknowledgement.by })}</span>}
      {alarm.shelving && <span>{t('alarms.shelved_by', { name: alarm.shelving.by })}</span>}
      {alarm.affected > 0 && <strong>{t('alarms.affected', { count: alarm.affected })}</strong>}
      {alarm.raised_times > 1 && <span>{t('alarms.repeated', { count: alarm.raised_times })}</span>}
    </span>
  );
}

interface TableProps {
  alarms: readonly Alarm[];
  kinds: readonly AlarmKind[];
  is_stale: boolean;
  chosen: ReadonlySet<number>;
  on_choose: ((id: number) => void) | undefined;
  on_open: (id: number) => void;
}

function AlarmTable({ alarms, kinds, is_stale, chosen, on_choose, on_open }: TableProps) {
  const { t, language } = useLanguage();
  const columns: Column<Alarm>[] = [
    {
      key: 'what',
      header: t('alarms.what'),
      is_title: true,
      cell: (alarm) => {
        const texts = texts_of(alarm, kinds, language);
        return (
          <button type="button" className="alarm-open" data-kind={alarm.kind} onClick={() => on_open(alarm.id)}>
            {texts.title}
            <span className="alarm-message">{texts.message}</span>
          </button>
        );
      },
    },
    {
      key: 'severity',
      header: t('alarms.severity'),
      is_corner: true,
      cell: ({ severity }) => <SeverityBadge severity={severity} />,
    },
    { key: 'about', header: t('alarms.about'), cell: ({ subject }) => <SubjectName subject={subject} /> },
    { key: 'state', header: t('alarms.state'), cell: (alarm) => <Marks alarm={alarm} /> },
    { key: 'site', header: t('alarms.site'), is_minor: true, cell: ({ site }) => site?.name ?? '–' },
    { key: 'since', header: t('alarms.since'), align: 'end', cell: ({ raised_at }) => <Age time={raised_at} /> },
  ];
  if (on_choose) {
    columns.unshift({
      key: 'choose',
      header: t('alarms.choose'),
      cell: ({ id, kind, facts }) => (
        <input
          type="checkbox"
          className="alarm-choose"
          aria-label={`${t('alarms.choose')} ${texts_of({ kind, facts }, kinds, language).title} ${id}`}
          checked={chosen.has(id)}
          onChange={() => on_choose(id)}
        />
      ),
    });
  }
  return <DataTable caption={t('alarms.title')} columns={columns} rows={alarms} row_key={({ id }) => id} is_stale={is_stale} />;
}

function SoundSwitch() {
  const { t } = useLanguage();
  const [is_on, setOn] = useState(is_sound_on);
  return (
    <button
      type="button"
      className="button"
      aria-pressed={is_on}
      onClick={() => {
        switch_sound(!is_on);
        setOn(!is_on);
      }}
    >
      {t(is_on ? 'alarms.sound_on' : 'alarms.sound_off')}
    </button>
  );
}

/** What is wrong, the most urgent first. */
export default function AlarmsPage() {
  const { t, language } = useLanguage();
  const session = useSession();
  const [parameters, setParameters] = useSearchParams();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [deed, setDeed] = useState<Deed | null>(null);
  const page = Math.max(1, Number(parameters.get('page')) || 1);
  const query = query_of(parameters, page);
  const list = useQuery({ ...queries.alarms(query), refetchInterval: usePollInterval(30_000, 3_000) });
  const kinds = useQuery(queries.alarm_kinds()).data?.kinds ?? [];
  const may_act = session.data !== undefined && session.data !== null && session.data.role !== 'viewer';
  const open_id = Number(parameters.get('alarm'));
  const change = (name: string, value: string | undefined) =>
    setParameters((before) => {
      const next = new URLSearchParams(before);
      if (name !== 'alarm') next.delete('page');
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });
  const choose = (id: number) =>
    setChosen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const rows = list.data?.alarms ?? [];
  const ids = rows.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
  return (
    <>
      <PageHeader title={t('alarms.title')} note={list.data && t('common.total', { count: list.data.total })}>
        <SoundSwitch />
      </PageHeader>
      <div className="alarm-bar">
        <Choice
          class_name="filter"
          label={t('alarms.state')}
          value={query.state ?? 'open'}
          options={states.map((one) => ({ value: one as string, label: t(`alarms.part_${one}`) }))}
          on_change={(one) => change('state', one === 'open' ? undefined : one)}
        />
        <Choice
          class_name="filter"
          label={t('alarms.severity')}
          value={query.severity as string | undefined}
          none={t('alarms.any_severity')}
          options={severities.map((one) => ({ value: one as string, label: t(`alarms.at_least_${one}`) }))}
          on_change={(one) => change('severity', one)}
        />
        <Choice
          class_name="filter"
          label={t('alarms.kind')}
          value={query.kind}
          none={t('alarms.any_kind')}
          options={kinds.map(({ kind }) => ({ value: kind, label: kind_title(kind, kinds, language) }))}
          on_change={(one) => change('kind', one)}
        />
        <Choice
          class_name="filter"
          label={t('alarms.acknowledged')}
          value={query.acknowledged as string | undefined}
          none={t('alarms.any_acknowledged')}
          options={[
            { value: 'false', label: t('alarms.not_acknowledged') },
            { value: 'true', label: t('alarms.acknowledged') },
          ]}
          on_change={(one) => change('acknowledged', one)}
        />
      </div>
      {may_act && rows.length > 0 && (
        <div className="alarm-bar">
          <button
            type="button"
            className="button button-small"
            onClick={() => setChosen(ids.length === rows.length ? new Set() : new Set(rows.map(({ id }) => id)))}
          >
            {t(ids.length === rows.length ? 'alarms.choose_none' : 'alarms.choose_page')}
          </button>
          <span>{t('alarms.chosen', { count: ids.length })}</span>
          <button type="button" className="button" disabled={ids.length === 0} onClick={() => setDeed('acknowledge')}>
            {t('alarms.acknowledge')}
          </button>
          <button type="button" className="button" disabled={ids.length === 0} onClick={() => setDeed('shelve')}>
            {t('alarms.shelve')}
          </button>
        </div>
      )}
      {list.isError && <ProblemView error={list.error} on_retry={() => void list.refetch()} />}
      {list.isPending && <Skeleton rows={8} height={30} />}
      {list.data && rows.length === 0 && <Empty title={t('alarms.empty')} hint={t('alarms.empty_hint')} />}
      {rows.length > 0 && list.data && (
        <>
          <AlarmTable
            alarms={rows}
            kinds={kinds}
            is_stale={list.isPlaceholderData}
            chosen={chosen}
            on_choose={may_act ? choose : undefined}
            on_open={(id) => change('alarm', String(id))}
          />
          <Pager
            page={page}
            pages={Math.ceil(list.data.total / page_size)}
            on_change={(wanted) => change('page', wanted > 1 ? String(wanted) : undefined)}
          />
        </>
      )}
      {open_id > 0 && <AlarmDialog id={open_id} kinds={kinds} may_act={may_act} on_close={() => change('alarm', undefined)} />}
      {deed && (
        <Dialog title={t(`alarms.${deed}`)} on_close={() => setDeed(null)}>
          <div className="dialog-body">
            <p>{t('alarms.chosen', { count: ids.length })}</p>
            <DeedForm
              deed={deed}
              ids={ids}
              on_done={() => {
                setDeed(null);
                setChosen(new Set());
              }}
            />
          </div>
        </Dialog>
      )}
    </>
  );
}
