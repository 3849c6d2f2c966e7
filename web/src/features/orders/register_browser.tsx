import { type FormEvent, useState } from 'react';
import type { Connection, ModelDetail, ModelParameter } from '../../api/types.ts';
import { TextField } from '../../components/field.tsx';
import { refusal_of } from '../../components/field_refusal.ts';
import { Panel } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { argument_fault, OperationInputs } from './operation_inputs.tsx';
import { OrderResult } from './order_result.tsx';
import { title_in } from './titles.ts';
import { useSingleJob } from './use_job.ts';

interface Props {
  connection: Connection;
  model: ModelDetail;
  time_zone: string;
}

/** Reads with one press; what came stands beside it. */
function ReadButton({
  connection,
  registers,
  time_zone,
  label,
}: {
  connection: Connection;
  registers: string[];
  time_zone: string;
  label: string;
}) {
  const { t } = useLanguage();
  const work = useSingleJob();
  const is_busy = work.created.isPending || work.job?.state === 'running';
  return (
    <div className="read-part">
      <button
        type="button"
        className="button button-small"
        disabled={is_busy}
        // Its name must hold the words on it, which change while it works.
        {...(is_busy ? {} : { 'aria-label': label })}
        onClick={() => work.start({ kind: 'read', device_ids: [connection.device_id], registers })}
      >
        {is_busy ? t('orders.reading') : t('orders.read')}
      </button>
      {work.created.isError && <ProblemView error={work.created.error} />}
      {work.order_id !== undefined && <OrderResult id={work.order_id} time_zone={time_zone} />}
    </div>
  );
}

function ParameterEditor({
  parameter,
  connection,
  time_zone,
}: {
  parameter: ModelParameter;
  connection: Connection;
  time_zone: string;
}) {
  const { t, language } = useLanguage();
  const [value, setValue] = useState('');
  const [password, setPassword] = useState('');
  const [was_tried, setTried] = useState(false);
  const work = useSingleJob();
  const needs_password = parameter.needs_password && !connection.has_access;
  const title = title_in(language, parameter);
  const input = { ...parameter.value, name: 'value', title_zh: title, title_en: title, required: true };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (argument_fault(input, value, t) || (needs_password && password === '')) return;
    work.start({
      kind: 'parameter',
      device_ids: [connection.device_id],
      name: parameter.name,
      arguments: { value },
      ...(password ? { access: { password } } : {}),
    });
  };
  const refusal = refusal_of(work.created.error);
  const is_busy = work.created.isPending || work.job?.state === 'running';
  return (
    <form className="parameter-form" noValidate onSubmit={submit}>
      <OperationInputs
        inputs={[input]}
        values={{ value }}
        was_tried={was_tried}
        refusal={refusal}
        on_change={(_, text) => setValue(text)}
      />
      {needs_password && (
        <TextField
          label={t('orders.password')}
          value={password}
          is_secret
          fault={was_tried && password === '' ? t('orders.missing') : undefined}
          on_change={setPassword}
        />
      )}
      <button type="submit" className="button button-small" disabled={is_busy}>
        {is_busy ? t('orders.writing') : t('orders.write')}
      </button>
      {work.job?.state === 'awaiting_confirmation' && (
        <button
          type="button"
          className="button button-small button-danger"
          onClick={() => work.job && work.confirmed.mutate(work.job.id)}
        >
          {t('orders.confirm', { command: title })}
        </button>
      )}
      {refusal && refusal.field !== 'value' && (
        <p className="is-fault" role="alert">
          {refusal.message}
        </p>
      )}
      {work.created.isError && !refusal && <ProblemView error={work.created.error} />}
      {work.order_id !== undefined && <OrderResult id={work.order_id} time_zone={time_zone} />}
    </form>
  );
}

/** Any other item of the device's memory, written as a model file writes it. */
function OtherItem({ connection, time_zone, protocol }: { connection: Connection; time_zone: string; protocol: string }) {
  const { t } = useLanguage();
  const [item, setItem] = useState('');
  const work = useSingleJob();
  const refusal = refusal_of(work.created.error);
  const example = protocol.startsWith('modbus')
    ? '{ register: other, table: input, address: 0, type: int16 }'
    : protocol.startsWith('dlt698')
      ? '{ register: other, oad: "20000200" }'
      : protocol.startsWith('cjt188')
        ? '{ register: clock }'
        : '{ register: other, di: "02010100" }';
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (item.trim() !== '') work.start({ kind: 'read', device_ids: [connection.device_id], item: item.trim() });
      }}
    >
      <TextField
        label={t('orders.other_item')}
        value={item}
        is_mono
        is_wide
        placeholder={example}
        help={t('orders.other_item_help')}
        fault={refusal?.message}
        on_change={setItem}
      />
      <div className="form-actions">
        <button
          type="submit"
          className="button"
          disabled={work.created.isPending || work.job?.state === 'running' || item.trim() === ''}
        >
          {t('orders.read')}
        </button>
        <button type="button" className="button button-quiet" onClick={() => setItem(example)}>
          {t('orders.example')}
        </button>
      </div>
      {work.created.isError && !refusal && <ProblemView error={work.created.error} />}
      {work.order_id !== undefined && (
        <div className="is-wide">
          <OrderResult id={work.order_id} time_zone={time_zone} />
        </div>
      )}
    </form>
  );
}

/** What a device holds, read and written while one looks. */
export function RegisterBrowser({ connection, model, time_zone }: Props) {
  const { t, language } = useLanguage();
  return (
    <>
      <Panel title={t('orders.registers')} note={t('orders.registers_note')}>
        {model.groups.map((group) => (
          <section key={group.name} className="register-group" aria-label={group.name}>
            <header>
              <h3>{t('orders.group', { name: group.name })}</h3>
              <ReadButton
                connection={connection}
                registers={group.items.map(({ register }) => register)}
                time_zone={time_zone}
                label={t('orders.read_group', { name: group.name })}
              />
            </header>
            <ul className="register-list">
              {group.items.map((item) => (
                <li key={item.register}>
                  <span>
                    {register_label(item.register, t)} {item.unit && <span className="unit">{item.unit}</span>}
                  </span>
                  <ReadButton
                    connection={connection}
                    registers={[item.register]}
                    time_zone={time_zone}
                    label={t('orders.read_one', { register: register_label(item.register, t) })}
                  />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </Panel>
      {model.parameter_list.length > 0 && (
        <Panel title={t('orders.parameters')} note={t('orders.parameters_note')}>
          <ul className="register-list">
            {model.parameter_list.map((parameter) => (
              <li key={parameter.name}>
                <span>{title_in(language, parameter)}</span>
                <div className="parameter-parts">
                  <ReadButton
                    connection={connection}
                    registers={[parameter.name]}
                    time_zone={time_zone}
                    label={t('orders.read_one', { register: title_in(language, parameter) })}
                  />
                  {parameter.writable && <ParameterEditor parameter={parameter} connection={connection} time_zone={time_zone} />}
                </div>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      <Panel title={t('orders.other')}>
        <OtherItem connection={connection} time_zone={time_zone} protocol={model.protocol} />
      </Panel>
    </>
  );
}
