import { useQuery } from '@tanstack/react-query';
import { Choice } from '../../components/choice.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { tariff_queries } from './tariff_api.ts';

/** What stands in the address for points without a tariff. */
export const without_tariff = '-';

/** Which tariff the point has today, by its code. */
export function TariffFilter({ value, on_change }: { value: string | undefined; on_change: (code: string | undefined) => void }) {
  const { t, language } = useLanguage();
  const tariffs = useQuery(tariff_queries.list());
  return (
    <Choice
      class_name="filter filter-wide"
      label={t('tariffs.filter')}
      none={t('tariffs.filter')}
      value={value}
      on_change={on_change}
      options={[
        ...(tariffs.data?.tariffs ?? []).map(({ code, name_zh, name_en }) => ({
          value: code,
          label: language === 'en' ? name_en : name_zh,
        })),
        { value: without_tariff, label: t('tariffs.none') },
      ]}
    />
  );
}
