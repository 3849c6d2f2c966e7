import { useEffect, useState } from 'react';
import { Panel } from '../../components/layout.tsx';
import { useLanguage } from '../../i18n/index.tsx';

const points_max = 150;
const width = 600;
const height = 96;

interface Point {
  time: string;
  value: number;
}

/** The next "round" number at or above: 1, 2 or 5 times a power of ten. */
export function round_ceiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

export function line_path(points: readonly number[], ceiling: number): string {
  return points
    .map((value, index) => {
      const x = width - (points.length - 1 - index) * (width / (points_max - 1));
      const y = height - (value / ceiling) * (height - 6);
      return `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}

/** Readings per second, kept while the page is open; a strip chart without a charting library. */
export function Throughput({ readings_per_s, time }: { readings_per_s: number; time: string }) {
  const { t, language } = useLanguage();
  const [points, setPoints] = useState<Point[]>([]);
  useEffect(() => {
    setPoints((before) =>
      before.at(-1)?.time === time ? before : [...before, { time, value: readings_per_s }].slice(-points_max),
    );
  }, [readings_per_s, time]);
  const values = points.map(({ value }) => value);
  const ceiling = round_ceiling(Math.max(...values, 1));
  const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const line = line_path(values, ceiling);
  const first_x = width - (points.length - 1) * (width / (points_max - 1));
  return (
    <Panel title={t('overview.throughput')} note={t('overview.throughput_hint')} className="throughput-panel">
      <div className="throughput">
        <p className="throughput-now">
          <span className="figure figure-large">{numbers.format(readings_per_s)}</span>
          <span className="unit">/s</span>
        </p>
        <div className="throughput-chart">
          <span className="throughput-ceiling number">{numbers.format(ceiling)}</span>
          <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <path className="throughput-grid" d={`M0 6H${width}M0 ${(height + 6) / 2}H${width}M0 ${height}H${width}`} />
            {points.length > 1 && (
              <path className="throughput-area" d={`${line}L${width} ${height}L${first_x.toFixed(1)} ${height}Z`} />
            )}
            {points.length > 1 && <path className="throughput-line" d={line} />}
          </svg>
        </div>
      </div>
    </Panel>
  );
}
