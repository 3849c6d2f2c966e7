import { type FormEvent, useState } from 'react';
import type { Connection, ModelCommand, ModelDetail, NewJob } from '../../api/types.ts';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { refusal_of } from '../../components/field_refusal.ts';
import { Empty, Panel } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { JobFollow } from './job_follow.tsx';
import { argument_fault, OperationInputs, type Values } from './operation_inputs.tsx';
import { OrderResult } from './order_result.tsx';
import { usual_reasons } from './reasons.ts';
import { title_in } from './titles.ts';
import { useSingleJob } from './use_job.ts';

interface Props {
  connection: Connection;
  model: ModelDetail;
  device_name: string;
  time_zone: string;
}

function DangerChip({ command }: { command: ModelCommand }) {
  const { t } = useLanguage();
  if (command.danger === 'none') return null;
  return <span className="chip chip-danger">{t(`orders.danger_${command.danger}`)}</span>;
}

function useCommand(command: ModelCommand, connection: Connection) {
  const { t } = useLanguage();
  const [values, setValues] = useState<Values>({});
  const [reason, setReason] = useState('');
  const [password, setPassword] = useState('');
  const [was_tried, setTried] = useState(false);
  const needs_reason = command.danger !== 'none';
  const needs_password = command.needs_password && !connection.has_access;
  const is_whole =
    command.arguments.every((argument) => !argument_fault(argument, values[argument.name] ?? '', t)) &&
    (!needs_reason || reason.trim() !== '') &&
    (!needs_password || password !== '');
  const job = (): NewJob => ({
    kind: 'command',
    device_ids: [connection.device_id],
    name: command.name,
    arguments: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== '')),
    ...(reason.trim() ? { reason: reason.trim() } : {}),
    ...(password ? { access: { password } } : {}),
  });
  return {
    values,
    setValues,
    reason,
    setReason,
    password,
    setPassword,
    was_tried,
    setTried,
    needs_reason,
    needs_password,
    is_whole,
    job,
  };
}

/** The way of one command: what it needs, then a second look, then what became of it. */
function CommandDialog({
  command,
  connection,
  device_name,
  time_zone,
  on_close,
}: Omit<Props, 'model'> & { command: ModelCommand; on_close: () => void }) {
  const { t, language } = useLanguage();
  const form = useCommand(command, connection);
  const work = useSingleJob();
  const title = title_in(language, command);
  const refusal = refusal_of(work.created.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    form.setTried(true);
    if (form.is_whole) work.start(form.job());
  };
  const { job } = work;
  const close = () => {
    // What nobody confirmed is not left standing about.
    if (job?.state === 'awaiting_confirmation') work.cancelled.mutate(job.id);
    on_close();
  };
  return (
    <Dialog title={`${title} · ${device_name}`} on_close={close}>
      {!job && (
        <form className="form" noValidate onSubmit={submit}>
          {command.danger !== 'none' && <p className="notice is-wide">{t(`orders.danger_${command.danger}_text`)}</p>}
          {command.name === 'valve_permit_open' && <p className="notice notice-ok is-wide">{t('orders.permit_only')}</p>}
          <OperationInputs
            inputs={command.arguments}
            values={form.values}
            was_tried={form.was_tried}
            refusal={refusal}
            on_change={(name, value) => form.setValues((before) => ({ ...before, [name]: value }))}
          />
          {form.needs_reason && (
            <TextField
              label={t('orders.reason')}
              value={form.reason}
              length_max={500}
              is_wide
              help={t('orders.reason_help')}
              suggestions={usual_reasons(command.name, t)}
              fault={form.was_tried && form.reason.trim() === '' ? t('orders.missing') : undefined}
              on_change={form.setReason}
            />
          )}
          {form.needs_password && (
            <TextField
              label={t('orders.password')}
              value={form.password}
              is_secret
              help={t('orders.password_help')}
              fault={form.was_tried && form.password === '' ? t('orders.missing') : undefined}
              on_change={form.setPassword}
            />
          )}
          <div className="form-actions">
            <button
              type="submit"
              className={command.danger === 'none' ? 'button button-main' : 'button button-danger'}
              disabled={work.created.isPending}
            >
              {command.danger === 'supply' ? t('orders.continue') : title}
            </button>
            <button type="button" className="button" onClick={close}>
              {t('common.cancel')}
            </button>
          </div>
          {refusal && !command.arguments.some(({ name }) => name === refusal.field) && (
            <p className="is-fault" role="alert">
              {refusal.message}
            </p>
          )}
          {work.created.isError && !refusal && <ProblemView error={work.created.error} />}
        </form>
      )}
      {job?.state === 'awaiting_confirmation' && (
        <div>
          <p className="dialog-text">{t('orders.confirm_text', { command: title, device: device_name })}</p>
          <p className="dialog-text faint">{t('orders.reason_given', { reason: job.reason })}</p>
          {work.confirmed.isError && <ProblemView error={work.confirmed.error} />}
          <div className="form-actions">
            <button
              type="button"
              className="button button-danger"
              disabled={work.confirmed.isPending}
              onClick={() => work.confirmed.mutate(job.id)}
            >
              {t('orders.confirm', { command: title })}
            </button>
            <button type="button" className="button" onClick={close}>
              {t('common.cancel')}
            </button>
          </div>
        </div>
      )}
      {job && job.state !== 'awaiting_confirmation' && (
        <div>
          {job.devices > 1 ? (
            <JobFollow job={job} />
          ) : work.order_id !== undefined ? (
            <OrderResult id={work.order_id} time_zone={time_zone} />
          ) : (
            <p className="faint">{t(`job_state.${job.state}`)}</p>
          )}
          <div className="form-actions">
            {job.state === 'running' && (
              <button
                type="button"
                className="button"
                disabled={work.cancelled.isPending}
                onClick={() => work.cancelled.mutate(job.id)}
              >
                {t('orders.cancel_order')}
              </button>
            )}
            <button type="button" className="button" onClick={close}>
              {t('common.close')}
            </button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

/** The commands a device's model has. */
export function CommandPanel({ connection, model, device_name, time_zone }: Props) {
  const { t, language } = useLanguage();
  const [chosen, setChosen] = useState<ModelCommand | null>(null);
  const commands = model.command_list.filter(({ broadcast }) => !broadcast);
  return (
    <Panel title={t('orders.commands')} note={t('orders.commands_note')}>
      {commands.length === 0 && <Empty title={t('orders.no_commands')} />}
      <ul className="command-list">
        {commands.map((command) => (
          <li key={command.name}>
            <button
              type="button"
              className="button"
              disabled={command.danger === 'supply' && connection.protection !== null}
              onClick={() => setChosen(command)}
            >
              {title_in(language, command)}
            </button>
            <DangerChip command={command} />
            {command.has_read_back && <span className="chip">{t('orders.has_read_back')}</span>}
          </li>
        ))}
      </ul>
      {connection.protection && <p className="notice">{t('orders.protected_text', { reason: connection.protection.reason })}</p>}
      {chosen && (
        <CommandDialog
          key={chosen.name}
          command={chosen}
          connection={connection}
          device_name={device_name}
          time_zone={time_zone}
          on_close={() => setChosen(null)}
        />
      )}
    </Panel>
  );
}
