import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { type Tariff, type TariffDetail, tariff_api, tariff_queries } from './tariff_api.ts';
import { is_whole, TariffFields, tariff_input, tariff_of } from './tariff_form.tsx';

function Versions({ tariff }: { tariff: TariffDetail }) {
  const { t, language } = useLanguage();
  return (
    <>
      <h3>{t('tariffs.versions')}</h3>
      <ol className="point-events">
        {[...tariff.versions].reverse().map((one) => (
          <li key={one.number}>
            <strong>{t('tariffs.version', { number: one.number })}</strong> {language === 'en' ? one.name_en : one.name_zh} ·{' '}
            {t(`tariffs.utility_${one.utility}`)} · {one.valid_from} – {one.valid_to ?? t('tariffs.until_further')}
            <br />
            <span className="faint small">
              <TimeText time={one.made_at} /> · {one.author}
              {one.reason && ` · ${one.reason}`}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

/** A new tariff, or what is said of one; whoever may not write sees it only. */
export function TariffDialog({
  tariff,
  may_write,
  on_close,
}: {
  tariff: Tariff | null;
  may_write: boolean;
  on_close: () => void;
}) {
  const { t, language } = useLanguage();
  const client = useQueryClient();
  const [input, setInput] = useState(() => tariff_input(tariff ?? undefined));
  const [reason, setReason] = useState('');
  const [is_tried, setIsTried] = useState(false);
  const detail = useQuery({ ...tariff_queries.one(tariff?.id ?? 0), enabled: tariff !== null });
  const save = useMutation({
    mutationFn: () =>
      tariff
        ? tariff_api.change(tariff.id, { ...tariff_of(input), version: tariff.version, reason: reason.trim() })
        : tariff_api.create(tariff_of(input)),
    onSuccess: async () => {
      await Promise.all(
        ['tariffs', 'tariff', 'points', 'point_tariffs'].map((name) => client.invalidateQueries({ queryKey: [name] })),
      );
      on_close();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (is_whole(input) && (!tariff || reason.trim())) save.mutate();
  };
  const title = tariff ? (language === 'en' ? tariff.name_en : tariff.name_zh) : t('tariffs.new');
  return (
    <Dialog title={title} on_close={on_close}>
      {may_write && (
        <form className="edit-form" onSubmit={submit}>
          <TariffFields input={input} is_known={tariff !== null} is_tried={is_tried} on_change={setInput} />
          {tariff && (
            <TextField
              label={t('tariffs.reason')}
              value={reason}
              length_max={300}
              fault={is_tried && !reason.trim() ? t('tariffs.needed') : undefined}
              on_change={setReason}
            />
          )}
          {save.isError && <ProblemView error={save.error} />}
          <div className="edit-actions">
            <button type="submit" className="button button-main" disabled={save.isPending}>
              {t(tariff ? 'tariffs.change' : 'tariffs.save')}
            </button>
          </div>
        </form>
      )}
      {tariff && detail.isPending && <Skeleton rows={2} height={24} />}
      {detail.isError && <ProblemView error={detail.error} on_retry={() => void detail.refetch()} />}
      {detail.data && <Versions tariff={detail.data} />}
    </Dialog>
  );
}
