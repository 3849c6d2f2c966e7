import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { DeviceDetail } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Age } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { useSession } from '../session/session.tsx';
import './processing.css';
import { type DeviceProcessing, processing_api, processing_queries, type Rule, type RuleVersion } from './processing_api.ts';
import { ReasonDialog } from './reason_dialog.tsx';
import { RuleForm } from './rule_form.tsx';
import { describe_rule, draft_of, empty_draft, type RuleDraft } from './rule_text.ts';
import { StateMark } from './state_mark.tsx';

/** A change of one click, for which only the reason is missing. */
interface Asked {
  into: string;
  rule: Rule | null;
}

function Rules({
  rules,
  may_change,
  on_edit,
  on_remove,
}: {
  rules: readonly RuleVersion[];
  may_change: boolean;
  on_edit: (rule: Rule) => void;
  on_remove: (into: string) => void;
}) {
  const { t } = useLanguage();
  const columns: Column<RuleVersion>[] = [
    { key: 'into', header: t('processing.into'), is_title: true, cell: ({ into }) => <span className="mono">{into}</span> },
    { key: 'rule', header: t('processing.rule'), cell: ({ rule }) => rule && describe_rule(rule, t) },
    { key: 'state', header: t('processing.state'), cell: (row) => <StateMark state={row.state} problem={row.problem} /> },
    {
      key: 'who',
      header: t('processing.who'),
      cell: (row) => (
        <>
          {row.changed_by} · <Age time={row.from} /> · {row.reason}
        </>
      ),
    },
    {
      key: 'actions',
      header: t('gateway.column_actions'),
      align: 'end',
      cell: ({ into, rule }) =>
        may_change && (
          <span className="row-actions">
            <button type="button" className="button button-small" onClick={() => rule && on_edit(rule)}>
              {t('processing.edit')}
            </button>
            <button type="button" className="button button-small" onClick={() => on_remove(into)}>
              {t('processing.remove')}
            </button>
          </span>
        ),
    },
  ];
  return <DataTable caption={t('processing.title')} columns={columns} rows={rules} row_key={({ into }) => into} />;
}

function History({
  processing,
  may_change,
  on_restore,
}: {
  processing: DeviceProcessing;
  may_change: boolean;
  on_restore: (version: RuleVersion) => void;
}) {
  const { t } = useLanguage();
  const columns: Column<RuleVersion>[] = [
    { key: 'into', header: t('processing.into'), is_title: true, cell: ({ into }) => <span className="mono">{into}</span> },
    { key: 'from', header: t('processing.since'), cell: ({ from }) => <Age time={from} /> },
    {
      key: 'rule',
      header: t('processing.rule'),
      cell: ({ rule }) => (rule ? describe_rule(rule, t) : <span className="faint">{t('processing.taken_away')}</span>),
    },
    { key: 'who', header: t('processing.who'), cell: (row) => `${row.changed_by} · ${row.reason}` },
    {
      key: 'actions',
      header: t('gateway.column_actions'),
      align: 'end',
      cell: (row) =>
        may_change &&
        row.to !== null &&
        row.rule !== null && (
          <button type="button" className="button button-small" onClick={() => on_restore(row)}>
            {t('processing.restore')}
          </button>
        ),
    },
  ];
  return (
    <Panel title={t('processing.history')} note={t('processing.history_note')}>
      <DataTable caption={t('processing.history')} columns={columns} rows={processing.history} row_key={({ id }) => id} />
    </Panel>
  );
}

function Content({ device_id, processing }: { device_id: number; processing: DeviceProcessing }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const session = useSession();
  const [draft, setDraft] = useState<RuleDraft | undefined>(undefined);
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const may_change = session.data !== null && session.data?.role !== 'viewer' && processing.gateway_id !== null;
  const change = useMutation({
    mutationFn: (reason: string) =>
      processing_api.change({ device_ids: [device_id], into: asked?.into ?? '', rule: asked?.rule ?? null, reason }),
    onSuccess: () => {
      setAsked(undefined);
      void client.invalidateQueries({ queryKey: ['processing', device_id] });
    },
  });
  return (
    <>
      <Panel
        title={t('processing.title')}
        note={t('processing.note')}
        actions={
          may_change && (
            <button type="button" className="button button-small" onClick={() => setDraft(empty_draft)}>
              {t('processing.add')}
            </button>
          )
        }
      >
        {processing.gateway_id === null && <p className="notice">{t('processing.refused_not_read')}</p>}
        {processing.rules.length === 0 ? (
          <Empty title={t('processing.none')} hint={t('processing.none_hint')} />
        ) : (
          <Rules
            rules={processing.rules}
            may_change={may_change}
            on_edit={(rule) => setDraft(draft_of(rule))}
            on_remove={(into) => setAsked({ into, rule: null })}
          />
        )}
      </Panel>
      {processing.model_rules.length > 0 && (
        <Panel title={t('processing.of_model')} note={t('processing.of_model_note')}>
          <ul className="plain-list">
            {processing.model_rules.map((rule) => (
              <li key={rule.into}>
                <span className="mono">{rule.into}</span> {describe_rule(rule, t)}
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {processing.history.length > 0 && (
        <History processing={processing} may_change={may_change} on_restore={({ into, rule }) => setAsked({ into, rule })} />
      )}
      {draft && (
        <Dialog title={t('processing.add')} on_close={() => setDraft(undefined)}>
          <RuleForm device_id={device_id} processing={processing} first={draft} on_done={() => setDraft(undefined)} />
        </Dialog>
      )}
      {asked && (
        <ReasonDialog
          title={t(asked.rule ? 'processing.restore' : 'processing.remove')}
          text={t(asked.rule ? 'processing.restore_text' : 'processing.remove_text', { into: asked.into })}
          action={t(asked.rule ? 'processing.restore' : 'processing.remove')}
          error={change.error}
          is_pending={change.isPending}
          on_close={() => setAsked(undefined)}
          on_done={(reason) => change.mutate(reason)}
        />
      )}
    </>
  );
}

/** What its gateway makes of a device's values. */
export default function ProcessingPart({ device }: { device: DeviceDetail }) {
  const processing = useQuery(processing_queries.device(device.id));
  if (processing.isError) return <ProblemView error={processing.error} on_retry={() => void processing.refetch()} />;
  if (processing.isPending) return <Skeleton rows={6} height={26} />;
  return <Content device_id={device.id} processing={processing.data} />;
}
