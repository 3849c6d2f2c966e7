import { Empty } from '../../components/layout.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { FileImportPart } from '../imports/file_import_part.tsx';
import { useSession } from '../session/session.tsx';

/** Readings from before, or from elsewhere, by a file. */
export default function HistoryImportPart() {
  const { t } = useLanguage();
  const session = useSession();
  if (session.data?.role === 'viewer') return <Empty title={t('orders.not_allowed')} hint={t('orders.not_allowed_hint')} />;
  return <FileImportPart kind="history" words="history" title="exports.import" with_zone />;
}
