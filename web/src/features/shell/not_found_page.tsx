import { Link } from 'react-router';
import { Empty, PageHeader } from '../../components/layout.tsx';
import { useLanguage } from '../../i18n/index.tsx';

export default function NotFoundPage() {
  const { t } = useLanguage();
  return (
    <>
      <PageHeader title={t('not_found.title')} />
      <Empty title={t('not_found.text')}>
        <Link className="button" to="/">
          {t('not_found.home')}
        </Link>
      </Empty>
    </>
  );
}
