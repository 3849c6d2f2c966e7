import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Icon } from '../../components/icons.tsx';
import { Empty, PageHeader, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { useSession } from '../session/session.tsx';
import { type Tariff, tariff_queries } from './tariff_api.ts';
import { TariffDialog } from './tariff_dialog.tsx';
import '../onboarding/onboarding.css';
import '../points/points.css';

/** The price classes that customers have. */
export default function TariffsPage() {
  const { t, language } = useLanguage();
  const session = useSession();
  const tariffs = useQuery(tariff_queries.list());
  const [open, setOpen] = useState<Tariff | 'new' | null>(null);
  const may_write = session.data?.role === 'admin' && session.data.whole_platform;
  const name_of = (tariff: Tariff) => (language === 'en' ? tariff.name_en : tariff.name_zh);
  const columns: Column<Tariff>[] = [
    {
      key: 'name',
      header: t('tariffs.column_name'),
      is_title: true,
      cell: (tariff) => (
        <button
          type="button"
          className="link-button"
          aria-label={t('tariffs.open', { name: name_of(tariff) })}
          onClick={() => setOpen(tariff)}
        >
          {name_of(tariff)}
        </button>
      ),
    },
    { key: 'code', header: t('tariffs.column_code'), cell: ({ code }) => <span className="mono">{code}</span> },
    { key: 'utility', header: t('tariffs.column_utility'), cell: ({ utility }) => t(`tariffs.utility_${utility}`) },
    {
      key: 'valid',
      header: t('tariffs.column_valid'),
      cell: ({ valid_from, valid_to }) => (
        <>
          <span className="number">{valid_from}</span> – {valid_to ?? t('tariffs.until_further')}
          {valid_to && tariffs.data && valid_to < tariffs.data.today && <span className="faint"> · {t('tariffs.over')}</span>}
        </>
      ),
    },
    {
      key: 'points',
      header: t('nav.points'),
      cell: ({ code }) => <Link to={`/points?tariff=${code}`}>{t('nav.points')}</Link>,
    },
  ];
  return (
    <>
      <Link className="back-link" to="/points">
        <Icon name="left" size={13} /> {t('tariffs.back')}
      </Link>
      <PageHeader title={t('tariffs.title')} note={t('tariffs.note')}>
        {may_write && (
          <button type="button" className="button button-main" onClick={() => setOpen('new')}>
            {t('tariffs.new')}
          </button>
        )}
      </PageHeader>
      {tariffs.isError && <ProblemView error={tariffs.error} on_retry={() => void tariffs.refetch()} />}
      {tariffs.isPending && <Skeleton rows={6} height={30} />}
      {tariffs.data && tariffs.data.tariffs.length === 0 && <Empty title={t('tariffs.empty')} hint={t('tariffs.empty_hint')} />}
      {tariffs.data && tariffs.data.tariffs.length > 0 && (
        <DataTable caption={t('tariffs.caption')} columns={columns} rows={tariffs.data.tariffs} row_key={({ id }) => id} />
      )}
      {open && (
        <TariffDialog tariff={open === 'new' ? null : open} may_write={may_write === true} on_close={() => setOpen(null)} />
      )}
    </>
  );
}
