import type { AggregateFigure } from '../../api/types.ts';
import { QualityMarks } from '../../components/badges.tsx';
import { CopyButton } from '../../components/copy_button.tsx';
import { DataTable } from '../../components/data_table.tsx';
import { Empty, Fact, Panel } from '../../components/layout.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { grouped } from '../../format/value.ts';
import { is_message_key, useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { Differences, Rules, Verdict } from './figure_parts.tsx';
import { FrameLink } from './frame_link.tsx';

type Day = AggregateFigure['days'][number];

function Head({ figure }: { figure: AggregateFigure }) {
  const { t } = useLanguage();
  const field_name = (field: string) => {
    const key = `figure.field_${field}`;
    return is_message_key(key) ? t(key as 'figure.field_values') : field;
  };
  return (
    <Panel
      title={`${register_label(figure.register, t)} · ${figure.label}`}
      note={figure.time_zone}
      actions={<CopyButton label={t('provenance.copy_json')} text={() => JSON.stringify(figure, null, 2)} />}
    >
      <Verdict holds={figure.verified} good={t('figure.verified')} bad={t('figure.not_verified')} />
      <dl className="facts">
        <Fact label={t('provenance.device')}>
          <span className="mono">{figure.device_uid}</span>
        </Fact>
        <Fact label={t('figure.interval')}>
          <TimeText time={figure.after} time_zone={figure.time_zone} /> –{' '}
          <TimeText time={figure.through} time_zone={figure.time_zone} />
        </Fact>
        {figure.row.map(({ field, value }) => (
          <Fact key={field} label={field_name(field)}>
            {value ? <span className="number">{value}</span> : '–'}
          </Fact>
        ))}
      </dl>
    </Panel>
  );
}

function day_verdict(day: Day): 'wrong' | 'frozen' | 'open' | 'same' | 'later' {
  if (day.wrong) return 'wrong';
  if (day.standing === 'frozen' || day.standing === 'open') return day.standing;
  return day.differs ? 'later' : 'same';
}

function DayCell({ day, time_zone }: { day: Day; time_zone: string }) {
  const { t } = useLanguage();
  return (
    <>
      <span className={day.wrong ? 'figure-wrong' : ''}>{t(`figure.day_${day_verdict(day)}`)}</span>
      <Differences differences={day.differences} />
      <ul className="figure-makings faint small">
        {day.makings.map(({ kind, made, before_record }) => (
          <li key={`${kind} ${made}`}>
            <TimeText time={made} time_zone={time_zone} /> {t(`figure.made_${kind}`, { record: String(before_record) })}
          </li>
        ))}
      </ul>
    </>
  );
}

function Days({ figure }: { figure: AggregateFigure }) {
  const { t } = useLanguage();
  if (figure.days.length === 0) return null;
  return (
    <Panel title={t('figure.rows')}>
      <DataTable
        caption={t('figure.rows')}
        rows={figure.days}
        row_key={({ day }) => day}
        columns={[
          {
            key: 'day',
            header: t('figure.column_day'),
            is_title: true,
            cell: ({ day }) => <span className="number">{day}</span>,
          },
          { key: 'standing', header: t('figure.column_standing'), cell: ({ standing }) => t(`figure.standing_${standing}`) },
          {
            key: 'verdict',
            header: t('figure.column_verdict'),
            cell: (day) => <DayCell day={day} time_zone={figure.time_zone} />,
          },
        ]}
      />
    </Panel>
  );
}

function Readings({ figure }: { figure: AggregateFigure }) {
  const { t } = useLanguage();
  const { records } = figure;
  return (
    <Panel title={t('figure.readings', { count: figure.reading_count })}>
      <p className={records.unverified.length > 0 ? 'figure-wrong' : 'faint'}>
        {t('figure.records', { count: records.count, verified: records.verified })}
        {records.not_looked_at > 0 && ` ${t('figure.records_left', { count: records.not_looked_at })}`}
        {records.unverified.length > 0 && ` ${t('figure.records_bad', { list: records.unverified.join(', ') })}`}
      </p>
      {figure.readings.length === 0 ? (
        <Empty title={t('figure.no_readings')} />
      ) : (
        <DataTable
          caption={t('figure.readings', { count: figure.reading_count })}
          rows={figure.readings}
          row_key={({ time, value }) => `${time} ${value}`}
          columns={[
            {
              key: 'time',
              header: t('figure.column_time'),
              is_title: true,
              cell: ({ time }) => <TimeText time={time} time_zone={figure.time_zone} />,
            },
            {
              key: 'value',
              header: t('figure.column_value'),
              align: 'end',
              is_corner: true,
              cell: ({ value, frame, edited }) => {
                const text = value === null ? t('device.no_value') : `${grouped(value)} ${figure.unit}`;
                if (!frame) return text;
                return (
                  <FrameLink frame={frame} label={t(edited ? 'figure.to_edit' : 'figure.to_frame', { value: text })}>
                    <span className="number">{text}</span>
                  </FrameLink>
                );
              },
            },
            { key: 'quality', header: t('figure.column_quality'), cell: ({ quality }) => <QualityMarks quality={quality} /> },
            {
              key: 'counted',
              header: t('figure.column_counted'),
              cell: ({ counted }) => t(counted ? 'figure.counted' : 'figure.not_counted'),
            },
          ]}
        />
      )}
      {figure.reading_count > figure.readings.length && (
        <p className="faint">{t('figure.more_readings', { count: figure.reading_count - figure.readings.length })}</p>
      )}
    </Panel>
  );
}

/** An hour, day, week, month or year of a register: as it is kept, what it was made of and when, and the same made anew. */
export function AggregateFigureView({ figure }: { figure: AggregateFigure }) {
  const { t } = useLanguage();
  return (
    <article className="figure-view">
      <Head figure={figure} />
      <Panel title={t('figure.anew')}>
        <Verdict holds={figure.same} good={t('figure.same')} bad={t('figure.differs')} />
        <Differences differences={figure.differences} />
        <Rules rules={figure.rules} />
      </Panel>
      <Days figure={figure} />
      <Readings figure={figure} />
    </article>
  );
}
