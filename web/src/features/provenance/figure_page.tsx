import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { queries } from '../../api/queries.ts';
import { Empty, PageHeader, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { AggregateFigureView } from './aggregate_figure_view.tsx';
import { PointFigureView } from './point_figure_view.tsx';
import './figure.css';

function Aggregate({ asked }: { asked: Record<string, string> }) {
  const { t } = useLanguage();
  const found = useQuery(queries.aggregate_figure(asked));
  if (found.isPending) return <Skeleton rows={10} height={22} />;
  if (found.isError)
    return <ProblemView error={found.error} on_retry={() => void found.refetch()} text={t('figure.not_found')} />;
  return <AggregateFigureView figure={found.data} />;
}

function Point({ point, register, after, through }: { point: string; register: string; after: string; through: string }) {
  const { t } = useLanguage();
  const found = useQuery(queries.point_figure(point, register, after, through));
  if (found.isPending) return <Skeleton rows={10} height={22} />;
  if (found.isError)
    return <ProblemView error={found.error} on_retry={() => void found.refetch()} text={t('figure.not_found')} />;
  return <PointFigureView figure={found.data} />;
}

/** The whole way of a figure: what it was made of, by which rules, when, and whether making it anew gives the same. */
export default function FigurePage() {
  const { t } = useLanguage();
  const [parameters] = useSearchParams();
  const asked = (name: string) => parameters.get(name) ?? '';
  // An open frame over the page is none of the question.
  const names = ['series', 'bucket', 'day', 'last_day', 'after'];
  const of_series = Object.fromEntries([...parameters].filter(([name]) => names.includes(name)));
  const is_aggregate = asked('series') !== '' && asked('bucket') !== '' && asked('day') !== '';
  const is_point = asked('point') !== '' && asked('after') !== '' && asked('through') !== '';
  return (
    <>
      <PageHeader title={t('figure.title')} note={t('figure.note')} />
      {is_aggregate && <Aggregate asked={of_series} />}
      {is_point && !is_aggregate && (
        <Point point={asked('point')} register={asked('register')} after={asked('after')} through={asked('through')} />
      )}
      {!is_aggregate && !is_point && <Empty title={t('figure.nothing_asked')} />}
    </>
  );
}
