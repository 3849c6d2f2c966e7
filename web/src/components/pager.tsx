import { useLanguage } from '../i18n/index.tsx';
import { Icon } from './icons.tsx';

/** One page back, one on; nothing when there is only one. */
export function Pager({ page, pages, on_change }: { page: number; pages: number; on_change: (page: number) => void }) {
  const { t } = useLanguage();
  if (pages <= 1) return null;
  return (
    <nav className="pager" aria-label={t('devices.pages')}>
      <button
        type="button"
        className="button button-icon"
        aria-label={t('devices.page_before')}
        disabled={page <= 1}
        onClick={() => on_change(page - 1)}
      >
        <Icon name="left" size={14} />
      </button>
      <span className="number">
        {page} / {pages}
      </span>
      <button
        type="button"
        className="button button-icon"
        aria-label={t('devices.page_after')}
        disabled={page >= pages}
        onClick={() => on_change(page + 1)}
      >
        <Icon name="right" size={14} />
      </button>
    </nav>
  );
}
