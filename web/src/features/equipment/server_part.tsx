import { useQuery } from '@tanstack/react-query';
import { Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { equipment_queries, type ServerHealth } from './equipment_api.ts';
import './equipment.css';

type Source = ServerHealth['sources'][number];
const marks = { ok: 'mark mark-ok', problem: 'mark mark-failed', failed: 'mark mark-degraded', not_present: 'mark' } as const;

function SourceCard({ source }: { source: Source }) {
  const { t } = useLanguage();
  return (
    <li className="server-source">
      <p className="server-source-head">
        {t(`server.${source.name}`)} <span className={marks[source.state]}>{t(`server.state_${source.state}`)}</span>
      </p>
      <ul>
        {source.items.map(({ name, problem, value }) => (
          <li key={name} className={problem ? 'server-problem small' : 'small'}>
            <span className="mono">{name}</span> {value}
          </li>
        ))}
      </ul>
      {source.reason && <p className="faint small">{source.reason}</p>}
    </li>
  );
}

/** The machine that the platform runs on; on the status page. */
export function ServerPart() {
  const { t } = useLanguage();
  const health = useQuery(equipment_queries.server());
  return (
    <Panel title={t('server.title')}>
      {health.isError && <ProblemView error={health.error} on_retry={() => void health.refetch()} />}
      {health.isPending && <Skeleton rows={3} height={24} />}
      {health.data && health.data.sources.length === 0 && <p className="faint">{t('server.not_yet')}</p>}
      {health.data && (
        <ul className="server-sources">
          {health.data.sources.map((source) => (
            <SourceCard key={source.name} source={source} />
          ))}
        </ul>
      )}
    </Panel>
  );
}
