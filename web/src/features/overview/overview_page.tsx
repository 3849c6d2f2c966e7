import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from 'react-router';
import { queries } from '../../api/queries.ts';
import type { DeviceState, Overview } from '../../api/types.ts';
import { StateShape } from '../../components/badges.tsx';
import { Icon } from '../../components/icons.tsx';
import { PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Age } from '../../components/time_text.tsx';
import { type MessageKey, useLanguage } from '../../i18n/index.tsx';
import './overview.css';
import { Throughput } from './throughput.tsx';

const states: readonly DeviceState[] = ['online', 'late', 'offline', 'never'];

function useNumbers() {
  const { language } = useLanguage();
  return (value: number, digits = 0) => new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

function StateBar({ overview }: { overview: Overview }) {
  const { t } = useLanguage();
  const numbers = useNumbers();
  const total = Math.max(1, overview.devices);
  return (
    <Panel
      title={t('overview.devices_by_state')}
      className="states-panel"
      actions={
        <Link className="more-link" to="/devices">
          {t('overview.open_list')} <Icon name="right" size={13} />
        </Link>
      }
    >
      <div className="state-bar" aria-hidden="true">
        {states
          .filter((state) => overview.states[state] > 0)
          .map((state) => (
            <span key={state} className={`state-part state-part-${state}`} style={{ flexGrow: overview.states[state] }} />
          ))}
      </div>
      <ul className="state-counts">
        {states.map((state) => (
          <li key={state}>
            <Link to={`/devices?state=${state}`} className="state-count">
              <span className="state-count-name">
                <StateShape state={state} /> {t(`state.${state}`)}
              </span>
              <span className="figure">{numbers(overview.states[state])}</span>
              <span className="faint small">{numbers((overview.states[state] / total) * 100, 1)} %</span>
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function attention(overview: Overview): { key: MessageKey; count: number; to: string }[] {
  return [
    {
      key: 'overview.attention_offline' as const,
      count: overview.states.offline,
      to: '/devices?state=offline&sort=last_reading',
    },
    { key: 'overview.attention_gateways' as const, count: overview.gateways - overview.gateways_connected, to: '/gateways' },
    { key: 'overview.attention_late' as const, count: overview.states.late, to: '/devices?state=late&sort=last_reading' },
    { key: 'overview.attention_never' as const, count: overview.states.never, to: '/devices?state=never' },
    { key: 'overview.attention_sources' as const, count: overview.unassigned_sources, to: '/sources' },
  ].filter(({ count }) => count > 0);
}

function Attention({ overview }: { overview: Overview }) {
  const { t } = useLanguage();
  const items = attention(overview);
  return (
    <Panel title={t('overview.attention')} className="attention-panel">
      {items.length === 0 ? (
        <p className="attention-none">
          <Icon name="check" /> {t('overview.attention_none')}
        </p>
      ) : (
        <ul className="attention-list">
          {items.map(({ key, count, to }) => (
            <li key={key}>
              <Link to={to}>
                <Icon name="warning" size={16} />
                <span>{t(key as 'overview.attention_late', { count })}</span>
                <Icon name="right" size={13} />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Figure({ label, value, note, to }: { label: string; value: string; note: string; to?: string }) {
  const content = (
    <>
      <span className="figure-label">{label}</span>
      <span className="figure figure-large">{value}</span>
      <span className="faint small">{note}</span>
    </>
  );
  return to ? (
    <Link className="figure-card" to={to}>
      {content}
    </Link>
  ) : (
    <div className="figure-card">{content}</div>
  );
}

function Content({ overview }: { overview: Overview }) {
  const { t } = useLanguage();
  const numbers = useNumbers();
  const missing = overview.gateways - overview.gateways_connected;
  return (
    <div className="overview-grid">
      <StateBar overview={overview} />
      <Attention overview={overview} />
      <div className="figure-row">
        <Figure
          label={t('overview.gateways')}
          value={`${numbers(overview.gateways_connected)} / ${numbers(overview.gateways)}`}
          note={missing === 0 ? t('overview.gateways_all') : t('overview.gateways_missing', { count: missing })}
          to="/gateways"
        />
        <Figure
          label={t('overview.unassigned')}
          value={numbers(overview.unassigned_sources)}
          note={t(overview.unassigned_sources === 0 ? 'overview.unassigned_none' : 'overview.unassigned_some')}
          to="/sources"
        />
        {overview.readings_total !== null && (
          <Figure
            label={t('overview.readings_total')}
            value={numbers(overview.readings_total)}
            note={t('overview.readings_total_hint')}
          />
        )}
      </div>
      <Throughput readings_per_s={overview.readings_per_s} time={overview.server_time} />
    </div>
  );
}

export default function OverviewPage() {
  const { t } = useLanguage();
  const overview = useQuery({ ...queries.overview(), refetchInterval: 2_000 });
  const is_wall = useLocation().pathname.startsWith('/wall');
  return (
    <>
      <PageHeader title={t('overview.title')} note={overview.data && <Age time={overview.data.server_time} stale_ms={15_000} />}>
        {!is_wall && (
          <Link className="button" to="/wall">
            <Icon name="full_screen" size={16} /> {t('wall.open')}
          </Link>
        )}
      </PageHeader>
      {overview.isError && <ProblemView error={overview.error} on_retry={() => void overview.refetch()} />}
      {overview.isPending && <Skeleton rows={8} height={28} />}
      {overview.data && <Content overview={overview.data} />}
    </>
  );
}
