import type { DevicePage } from '../../api/types.ts';
import { Choice } from '../../components/choice.tsx';
import { Icon } from '../../components/icons.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import type { ListChange } from './list_filters.tsx';
import { page_numbers, page_sizes } from './list_state.ts';

/** Turns the list's pages and says how much stands on one. */
export function ListPager({ page, on_change }: { page: DevicePage; on_change: (change: ListChange) => void }) {
  const { t, language } = useLanguage();
  const last = Math.max(1, Math.ceil(page.total / page.page_size));
  const numbers = new Intl.NumberFormat(language);
  const turn = (to: number, label: string, icon: 'left' | 'right') => (
    <button
      type="button"
      className="button button-small button-icon"
      aria-label={label}
      disabled={to < 1 || to > last}
      onClick={() => on_change({ page: to })}
    >
      <Icon name={icon} size={13} />
    </button>
  );
  return (
    <nav className="pager" aria-label={t('devices.pages')}>
      <span className="pager-total faint">{t('common.total', { count: page.total })}</span>
      {turn(page.page - 1, t('devices.page_before'), 'left')}
      {page_numbers(page.page, last).map((number, index) =>
        number === null ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: there are two gaps at most, each in its own place
          <span key={`gap ${index}`} className="faint pager-number">
            …
          </span>
        ) : (
          <button
            key={number}
            type="button"
            className={number === page.page ? 'button button-small pager-number is-current' : 'button button-small pager-number'}
            aria-current={number === page.page ? 'page' : undefined}
            aria-label={t('devices.page_number', { number })}
            onClick={() => on_change({ page: number })}
          >
            {numbers.format(number)}
          </button>
        ),
      )}
      {turn(page.page + 1, t('devices.page_after'), 'right')}
      <Choice
        label={t('devices.page_size', { count: page.page_size })}
        value={page.page_size}
        options={page_sizes.map((size) => ({ value: size, label: t('devices.page_size', { count: size }) }))}
        on_change={(size) => on_change({ page_size: size, page: 1 })}
      />
    </nav>
  );
}
