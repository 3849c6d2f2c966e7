import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import { Panel } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { usable_time_zone } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';

const minute_ms = 60_000;
const month_ms = 30 * 86_400_000;

/** Whether the log still is what was written, and a file of it for an auditor; for whoever sees the whole platform. */
export function OperationAuditPart({ from, to, may_export }: { from?: string; to?: string; may_export: boolean }) {
  const { t, language } = useLanguage();
  const navigate = useNavigate();
  const client = useQueryClient();
  const check = useMutation({ mutationFn: api.check_operations });
  const audit = useMutation({
    mutationFn: () => {
      // A minute more, so that this very wish stands in it whatever the two clocks say.
      const end = to ?? new Date(Date.now() + minute_ms).toISOString();
      return api.create_export({
        by: 'audit',
        format: 'json_lines',
        time_zone: usable_time_zone(undefined),
        from: from ?? new Date(new Date(end).getTime() - month_ms).toISOString(),
        to: end,
      });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: queries.exports().queryKey });
      navigate('/exports');
    },
  });
  const number = (value: number) => new Intl.NumberFormat(language).format(value);
  return (
    <Panel title={t('operations.audit')}>
      <p className="faint">{t('operations.audit_help')}</p>
      <div className="form-actions">
        <button type="button" className="button" disabled={check.isPending} onClick={() => check.mutate()}>
          {t(check.isPending ? 'operations.chain_checking' : 'operations.chain_check')}
        </button>
        {may_export && (
          <button type="button" className="button" disabled={audit.isPending} onClick={() => audit.mutate()}>
            {t(from || to ? 'operations.audit_export' : 'operations.audit_export_month')}
          </button>
        )}
      </div>
      {check.data && (
        <p className={check.data.sound ? 'notice' : 'notice is-fault'} role="status">
          {check.data.sound
            ? t('operations.chain_sound', { count: number(check.data.entries) })
            : t('operations.chain_broken', { id: number(check.data.broken_at ?? 0) })}
          {check.data.entries > 0 && (
            <>
              <br />
              {t('operations.chain_head')} <span className="mono operation-head">{check.data.head}</span>
            </>
          )}
        </p>
      )}
      {check.isError && <ProblemView error={check.error} />}
      {audit.isError && <ProblemView error={audit.error} />}
    </Panel>
  );
}
