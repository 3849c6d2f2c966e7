import { useQuery } from '@tanstack/react-query';
import { queries } from '../../api/queries.ts';
import { useServerNow } from '../../api/server_clock.ts';
import type { Status } from '../../api/types.ts';
import { DataTable } from '../../components/data_table.tsx';
import { Fact, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { duration_text } from '../../format/age.ts';
import { is_message_key, useLanguage } from '../../i18n/index.tsx';
import { ServerPart } from '../equipment/server_part.tsx';
import './status.css';
import { StoragePart } from './storage_part.tsx';

type Component = Status['components'][number];
const mark_classes = { ok: 'mark mark-ok', degraded: 'mark mark-degraded', failed: 'mark mark-failed' } as const;

function ComponentCard({ component }: { component: Component }) {
  const { t, language } = useLanguage();
  const key = `status.component_${component.name}`;
  return (
    <li className={`component-card component-${component.state}`}>
      <p className="component-name">{is_message_key(key) ? t(key as 'status.component_live') : component.name}</p>
      <span className={mark_classes[component.state]}>{t(`status.${component.state}`)}</span>
      <p className="faint small component-detail">{language === 'en' ? component.detail_en : component.detail_zh}</p>
    </li>
  );
}

function Content({ status }: { status: Status }) {
  const { t, language } = useLanguage();
  const now_ms = useServerNow();
  const bad = status.components.filter(({ state }) => state !== 'ok').length;
  const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
  const counters = Object.entries(status.counters).sort(([a], [b]) => a.localeCompare(b));
  return (
    <>
      <dl className="facts identity">
        <Fact label={t('status.version')}>{status.version}</Fact>
        <Fact label={t('status.started')}>
          <TimeText time={status.started_at} />
        </Fact>
        <Fact label={t('status.uptime')}>{duration_text(now_ms - Date.parse(status.started_at), language)}</Fact>
      </dl>
      <Panel title={t('status.components')} note={bad === 0 ? t('status.all_ok') : t('status.some_bad', { count: bad })}>
        <ul className="components">
          {status.components.map((component) => (
            <ComponentCard key={component.name} component={component} />
          ))}
        </ul>
      </Panel>
      <ServerPart />
      <StoragePart />
      <Panel title={t('status.counters')}>
        <DataTable
          class_name="counters-table"
          caption={t('status.counters')}
          rows={counters}
          row_key={([name]) => name}
          columns={[
            {
              key: 'name',
              header: t('status.counter_name'),
              is_title: true,
              cell: ([name]) => <span className="mono">{name}</span>,
            },
            {
              key: 'value',
              header: t('status.counter_value'),
              align: 'end',
              is_corner: true,
              cell: ([, value]) => <span className="number">{numbers.format(value)}</span>,
            },
          ]}
        />
      </Panel>
    </>
  );
}

export default function StatusPage() {
  const { t } = useLanguage();
  const status = useQuery({ ...queries.status(), refetchInterval: 5_000 });
  return (
    <>
      <PageHeader title={t('status.title')} />
      {status.isError && <ProblemView error={status.error} on_retry={() => void status.refetch()} />}
      {status.isPending && <Skeleton rows={8} height={24} />}
      {status.data && <Content status={status.data} />}
    </>
  );
}
