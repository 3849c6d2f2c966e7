import type { PointFigure } from '../../api/types.ts';
import { CopyButton } from '../../components/copy_button.tsx';
import { Fact, Panel } from '../../components/layout.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { grouped } from '../../format/value.ts';
import { is_message_key, useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { Rules, Verdict } from './figure_parts.tsx';
import { FrameLink } from './frame_link.tsx';

type Link = PointFigure['links'][number];
type Value = Link['start'];

function ChainValue({ value, unit }: { value: Value; unit: string }) {
  const { t } = useLanguage();
  if (!value) return <>–</>;
  const text = <span className="number">{`${grouped(value.value)} ${unit}`}</span>;
  return (
    <>
      {value.frame ? (
        <FrameLink frame={value.frame} label={t('figure.to_frame', { value: `${grouped(value.value)} ${unit}` })}>
          {text}
        </FrameLink>
      ) : (
        text
      )}{' '}
      · <TimeText time={value.time} time_zone={undefined} /> · {t(`consumption.origin_${value.origin}`)}
    </>
  );
}

function Meter({ link, unit }: { link: Link; unit: string }) {
  const { t } = useLanguage();
  return (
    <section className="figure-meter">
      <h3>
        {link.device_name} <span className="mono faint small">{link.device_uid}</span>
      </h3>
      <dl className="facts">
        <Fact label={t('figure.brought')}>
          <span className="number">{grouped(link.amount)}</span> <span className="unit">{unit}</span>
        </Fact>
        <Fact label={t('figure.at_point')}>
          <TimeText time={link.from} time_zone={undefined} /> –{' '}
          {link.to ? <TimeText time={link.to} time_zone={undefined} /> : t('figure.until_now')}
        </Fact>
        <Fact label={t('figure.ratio')}>
          <span className="number">
            {link.ratio.numerator}/{link.ratio.denominator}
          </span>
        </Fact>
        <Fact label={t('figure.installation')}>
          {link.installation === null ? '–' : <span className="number">{`${link.installation} ${link.unit}`}</span>}
        </Fact>
        <Fact label={t('figure.removal')}>
          {link.removal === null ? '–' : <span className="number">{`${link.removal} ${link.unit}`}</span>}
        </Fact>
        <Fact label={t('consumption.start')}>
          <ChainValue value={link.start} unit={link.unit} />
        </Fact>
        <Fact label={t('consumption.end')}>
          <ChainValue value={link.end} unit={link.unit} />
        </Fact>
      </dl>
    </section>
  );
}

function Remarks({ figure }: { figure: PointFigure }) {
  const { t } = useLanguage();
  const name = (kind: string) => {
    const key = `consumption.remark_${kind}`;
    return is_message_key(key) ? t(key as 'consumption.remark_gap') : kind;
  };
  if (figure.remarks.length === 0) return <p className="faint">{t('consumption.no_remarks')}</p>;
  return (
    <ul className="figure-rules">
      {figure.remarks.map((remark) => (
        <li key={`${remark.kind} ${remark.from} ${remark.to}`}>
          <strong>{name(remark.kind)}</strong> <TimeText time={remark.from} time_zone={undefined} /> –{' '}
          <TimeText time={remark.to} time_zone={undefined} />
        </li>
      ))}
    </ul>
  );
}

/** What a point consumed, meter by meter, over exchanges and changes of the ratio. */
export function PointFigureView({ figure }: { figure: PointFigure }) {
  const { t } = useLanguage();
  return (
    <article className="figure-view">
      <Panel
        title={`${figure.point} · ${register_label(figure.register, t)}`}
        actions={<CopyButton label={t('provenance.copy_json')} text={() => JSON.stringify(figure, null, 2)} />}
      >
        <Verdict holds={figure.verified} good={t('figure.verified')} bad={t('figure.not_verified')} />
        <dl className="facts">
          <Fact label={t('consumption.column_amount')}>
            {figure.amount === null ? (
              figure.reason
            ) : (
              <>
                <span className="number">{grouped(figure.amount)}</span> <span className="unit">{figure.unit}</span>
              </>
            )}
          </Fact>
          <Fact label={t('consumption.column_status')}>{t(`consumption.status_${figure.status}`)}</Fact>
          <Fact label={t('figure.interval')}>
            <TimeText time={figure.after} time_zone={undefined} /> – <TimeText time={figure.through} time_zone={undefined} />
          </Fact>
        </dl>
      </Panel>
      <Panel title={t('figure.meters')}>
        {figure.links.map((link) => (
          <Meter key={`${link.series} ${link.from}`} link={link} unit={figure.unit} />
        ))}
        <Verdict holds={figure.parts_agree} good={t('figure.parts_agree')} bad={t('figure.parts_differ')} />
      </Panel>
      <Panel title={t('consumption.remarks')}>
        <Remarks figure={figure} />
        <Rules rules={figure.rules} />
        <h3>{t('figure.events')}</h3>
        <ul className="figure-rules">
          {figure.events.map((event) => (
            <li key={`${event.action} ${event.made}`}>
              <TimeText time={event.at} time_zone={undefined} /> {event.author}: {event.reason}
            </li>
          ))}
        </ul>
      </Panel>
    </article>
  );
}
