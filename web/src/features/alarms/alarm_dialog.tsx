import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { queries } from '../../api/queries.ts';
import type { Alarm, AlarmDetail, AlarmKind } from '../../api/types.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Fact, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { texts_of } from './alarm_text.ts';
import { type Deed, DeedForm } from './deed_form.tsx';
import { SeverityBadge } from './severity.tsx';

const affected_page_size = 20;

/** Where to look at what an alarm is about. */
export function SubjectName({ subject }: { subject: Alarm['subject'] }) {
  const { t } = useLanguage();
  const name = subject.name ?? subject.id;
  if (subject.kind === 'device') return <Link to={`/devices/${subject.id}`}>{name}</Link>;
  if (subject.kind === 'gateway') return <Link to={`/gateways/${subject.id}`}>{name}</Link>;
  if (subject.kind === 'equipment' && subject.name) {
    const [equipment = ''] = subject.name.split(' / ');
    return <Link to={`/equipment?search=${encodeURIComponent(equipment)}`}>{subject.name}</Link>;
  }
  return (
    <span>
      {t(`alarms.subject_${subject.kind}`)} <span className="mono">{name}</span>
    </span>
  );
}

function History({ alarm }: { alarm: AlarmDetail }) {
  const { t } = useLanguage();
  return (
    <section className="alarm-part">
      <h3>{t('alarms.history')}</h3>
      <ol className="alarm-history">
        {alarm.history.map((one) => (
          <li key={`${one.at} ${one.step} ${one.text}`}>
            <TimeText time={one.at} />
            <strong>{t(`alarms.step_${one.step}`)}</strong>
            <SeverityBadge severity={one.severity} />
            {one.by && <span>{one.by}</span>}
            {one.text && <span className="alarm-note">{one.text}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What is shown under this one. */
function Affected({ alarm, kinds }: { alarm: AlarmDetail; kinds: readonly AlarmKind[] }) {
  const { t, language } = useLanguage();
  const [page, setPage] = useState(1);
  const list = useQuery(queries.alarms({ held_by: alarm.id, state: 'all', page, page_size: affected_page_size }));
  return (
    <section className="alarm-part alarm-affected">
      <h3>{t('alarms.affected', { count: alarm.affected })}</h3>
      {list.isError && <ProblemView error={list.error} on_retry={() => void list.refetch()} />}
      {list.isPending && <Skeleton rows={4} />}
      {list.data && (
        <>
          <ul className="alarm-history">
            {list.data.alarms.map((one) => (
              <li key={one.id}>
                <SubjectName subject={one.subject} />
                <span className="alarm-message">{texts_of(one, kinds, language).message}</span>
              </li>
            ))}
          </ul>
          <Pager page={page} pages={Math.ceil(list.data.total / affected_page_size)} on_change={setPage} />
        </>
      )}
    </section>
  );
}

function Facts({ alarm }: { alarm: AlarmDetail }) {
  const { t } = useLanguage();
  return (
    <dl className="alarm-facts">
      <Fact label={t('alarms.about')}>
        <SubjectName subject={alarm.subject} />
      </Fact>
      {alarm.site && <Fact label={t('alarms.site')}>{alarm.site.name}</Fact>}
      {alarm.organisation && <Fact label={t('alarms.organisation')}>{alarm.organisation.name}</Fact>}
      <Fact label={t('alarms.since')}>
        <TimeText time={alarm.raised_at} />
      </Fact>
      {alarm.over_at && (
        <Fact label={t('alarms.over')}>
          <TimeText time={alarm.over_at} />
        </Fact>
      )}
      {alarm.raised_times > 1 && <Fact label={t('alarms.times')}>{alarm.raised_times}</Fact>}
      {alarm.acknowledgement && (
        <Fact label={t('alarms.acknowledged_by')}>
          {alarm.acknowledgement.by} · <TimeText time={alarm.acknowledgement.at} />
        </Fact>
      )}
      {alarm.shelving && (
        <Fact label={t('alarms.shelved_until')}>
          <TimeText time={alarm.shelving.until} /> · {alarm.shelving.by}: {alarm.shelving.reason}
        </Fact>
      )}
    </dl>
  );
}

function Deeds({ alarm }: { alarm: AlarmDetail }) {
  const { t } = useLanguage();
  const [deed, setDeed] = useState<Deed | null>(null);
  if (alarm.state === 'closed') return null;
  if (deed) return <DeedForm deed={deed} ids={[alarm.id]} on_done={() => setDeed(null)} />;
  return (
    <div className="form-actions">
      {!alarm.acknowledgement && (
        <button type="button" className="button button-main" onClick={() => setDeed('acknowledge')}>
          {t('alarms.acknowledge')}
        </button>
      )}
      <button type="button" className="button" onClick={() => setDeed(alarm.shelving ? 'unshelve' : 'shelve')}>
        {t(alarm.shelving ? 'alarms.unshelve' : 'alarms.shelve')}
      </button>
    </div>
  );
}

interface AlarmDialogProps {
  id: number;
  kinds: readonly AlarmKind[];
  may_act: boolean;
  on_close: () => void;
}

export function AlarmDialog({ id, kinds, may_act, on_close }: AlarmDialogProps) {
  const { t, language } = useLanguage();
  const alarm = useQuery({ ...queries.alarm(id), refetchInterval: 15_000 });
  const texts = alarm.data ? texts_of(alarm.data, kinds, language) : undefined;
  return (
    <Dialog title={texts?.title ?? t('alarms.title')} on_close={on_close}>
      <div className="dialog-body alarm-detail">
        {alarm.isError && <ProblemView error={alarm.error} on_retry={() => void alarm.refetch()} />}
        {alarm.isPending && <Skeleton rows={5} />}
        {alarm.data && texts && (
          <>
            <p className="alarm-marks">
              <SeverityBadge severity={alarm.data.severity} />
              <span>{t(`alarms.state_${alarm.data.state}`)}</span>
              {alarm.data.escalated && <span className="alarm-escalated">{t('alarms.escalated')}</span>}
            </p>
            <p>{texts.message}</p>
            {texts.remedy && (
              <p className="alarm-remedy">
                <strong>{t('alarms.remedy')}</strong> {texts.remedy}
              </p>
            )}
            <Facts alarm={alarm.data} />
            {may_act && <Deeds alarm={alarm.data} />}
            {alarm.data.affected > 0 && <Affected alarm={alarm.data} kinds={kinds} />}
            <History alarm={alarm.data} />
          </>
        )}
      </div>
    </Dialog>
  );
}
