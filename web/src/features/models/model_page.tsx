import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { ApiError } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { ModelCommand, ModelDetail, ModelItem } from '../../api/types.ts';
import { CopyButton } from '../../components/copy_button.tsx';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Icon } from '../../components/icons.tsx';
import { Fact, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { duration_text } from '../../format/age.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { title_in } from '../orders/titles.ts';
import NotFoundPage from '../shell/not_found_page.tsx';
import './models.css';

function plausible({ minimum, maximum, rate_max_per_s, counts_up }: ModelItem, up: string): string {
  const parts = [
    minimum !== undefined || maximum !== undefined ? `${minimum ?? '−∞'} … ${maximum ?? '∞'}` : '',
    rate_max_per_s !== undefined ? `≤ ${rate_max_per_s}/s` : '',
    counts_up ? up : '',
  ];
  return parts.filter((part) => part !== '').join('，') || '–';
}

function Items({ items }: { items: readonly ModelItem[] }) {
  const { t } = useLanguage();
  const columns: Column<ModelItem>[] = [
    { key: 'label', header: t('curve.register'), is_title: true, cell: ({ register }) => register_label(register, t) },
    { key: 'register', header: t('models.column_register'), cell: ({ register }) => <span className="mono">{register}</span> },
    { key: 'unit', header: t('models.column_unit'), cell: ({ unit }) => unit || <span className="faint">–</span> },
    {
      key: 'digits',
      header: t('models.column_exponent'),
      align: 'end',
      cell: ({ exponent, kind }) => (kind === 'decimal' ? <span className="number">10^{exponent}</span> : kind),
    },
    { key: 'plausible', header: t('models.column_plausible'), cell: (item) => plausible(item, t('models.counts_up')) },
  ];
  return <DataTable caption={t('models.column_registers')} columns={columns} rows={items} row_key={({ register }) => register} />;
}

function Commands({ model }: { model: ModelDetail }) {
  const { t, language } = useLanguage();
  const columns: Column<ModelCommand>[] = [
    { key: 'title', header: t('orders.command'), is_title: true, cell: (command) => title_in(language, command) },
    { key: 'name', header: t('models.column_register'), cell: ({ name }) => <span className="mono">{name}</span> },
    {
      key: 'danger',
      header: t('models.column_danger'),
      cell: ({ danger }) =>
        danger === 'none' ? (
          <span className="faint">–</span>
        ) : (
          <span className="chip chip-danger">{t(`orders.danger_${danger}`)}</span>
        ),
    },
    {
      key: 'password',
      header: t('models.column_password'),
      cell: ({ needs_password }) => t(needs_password ? 'common.yes' : 'common.no'),
    },
    {
      key: 'read_back',
      header: t('orders.read_back'),
      cell: ({ has_read_back }) => t(has_read_back ? 'common.yes' : 'common.no'),
    },
    {
      key: 'arguments',
      header: t('models.column_arguments'),
      cell: (command) =>
        command.arguments.map((argument) => title_in(language, argument)).join('、') || <span className="faint">–</span>,
    },
  ];
  return <DataTable caption={t('orders.commands')} columns={columns} rows={model.command_list} row_key={({ name }) => name} />;
}

function Content({ model }: { model: ModelDetail }) {
  const { t, language } = useLanguage();
  return (
    <>
      <dl className="facts identity">
        <Fact label={t('models.column_register')}>
          <span className="mono">{model.id}</span>
        </Fact>
        <Fact label={t('device.protocol')}>{model.protocol}</Fact>
        {model.manufacturer && <Fact label={t('models.manufacturer')}>{model.manufacturer}</Fact>}
        <Fact label={t('models.column_proven')}>{t(`models.proven_${model.proven}`)}</Fact>
        {model.address_digits !== undefined && <Fact label={t('models.address_digits')}>{model.address_digits}</Fact>}
        {model.clock && <Fact label={t('models.clock_tolerance')}>{duration_text(model.clock.tolerance_ms, language)}</Fact>}
        <Fact label={t('nav.devices')}>
          {model.devices > 0 ? <Link to={`/devices?model=${encodeURIComponent(model.id)}`}>{model.devices}</Link> : '0'}
        </Fact>
      </dl>
      {model.groups.map((group) => (
        <Panel
          key={group.name}
          title={t('orders.group', { name: group.name })}
          note={t('models.group_note', { interval: duration_text(group.interval_ms, language), count: group.questions })}
        >
          <Items items={group.items} />
        </Panel>
      ))}
      {model.command_list.length > 0 && (
        <Panel title={t('orders.commands')}>
          <Commands model={model} />
        </Panel>
      )}
      {model.parameter_list.length > 0 && (
        <Panel title={t('orders.parameters')}>
          <ul className="model-parameters">
            {model.parameter_list.map((parameter) => (
              <li key={parameter.name}>
                {title_in(language, parameter)} <span className="mono faint">{parameter.name}</span>{' '}
                <span className="chip">{t(parameter.writable ? 'models.writable' : 'models.read_only')}</span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {model.history_list.map((history) => (
        <Panel
          key={history.name}
          title={title_in(language, history)}
          note={t('models.history_note', {
            interval: history.interval_ms > 0 ? duration_text(history.interval_ms, language) : t('models.irregular'),
            days: history.depth_days,
          })}
        >
          <Items items={history.items} />
        </Panel>
      ))}
      <Panel title={t('models.file')} actions={<CopyButton label={t('models.copy_file')} text={() => model.file} />}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long file must be scrollable from the keyboard */}
        <pre className="code-block mono" tabIndex={0}>
          {model.file}
        </pre>
      </Panel>
    </>
  );
}

export default function ModelPage() {
  const { t, language } = useLanguage();
  const { model_id = '' } = useParams();
  const model = useQuery(queries.model(model_id));
  if (model.error instanceof ApiError && model.error.status === 404) return <NotFoundPage />;
  return (
    <>
      <Link className="back-link" to="/models">
        <Icon name="left" size={13} /> {t('models.title')}
      </Link>
      <PageHeader title={model.data ? title_in(language, { name: model.data.id, ...model.data }) : model_id} />
      {model.isError && <ProblemView error={model.error} on_retry={() => void model.refetch()} />}
      {model.isPending && <Skeleton rows={10} height={26} />}
      {model.data && <Content model={model.data} />}
    </>
  );
}
