export interface Bar {
  label: string;
  /** For drawing only; null: nothing there. */
  low: number | null;
  high: number | null;
  middle?: number | null;
  title: string;
  is_provisional: boolean;
  is_edited: boolean;
}

const width = 720;
const height = 160;
const gap_max = 6;

/** Bars from a common base; with `floats` each from its low to its high, a line at its middle. The table beside it tells the same. */
export function Bars({ bars, floats, label }: { bars: readonly Bar[]; floats: boolean; label: string }) {
  const values = bars.flatMap(({ low, high }) => (low === null || high === null ? [] : [low, high]));
  if (values.length === 0) return null;
  const least = floats ? Math.min(...values) : Math.min(0, ...values);
  const most = floats ? Math.max(...values) : Math.max(0, ...values);
  const span = most - least || 1;
  const y_of = (value: number) => height - ((value - least) / span) * (height - 4) - 2;
  const step = width / bars.length;
  const bar_width = Math.max(1, step - Math.min(gap_max, step / 4));
  return (
    <svg className="bars" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} preserveAspectRatio="none">
      {bars.map((bar, index) => {
        if (bar.low === null || bar.high === null) return null;
        const base = floats ? bar.low : 0;
        const top = Math.min(y_of(bar.high), y_of(base));
        const size = Math.max(2, Math.abs(y_of(bar.high) - y_of(base)));
        const x = index * step + (step - bar_width) / 2;
        const classes = `bar ${bar.is_provisional ? 'is-provisional' : ''} ${bar.is_edited ? 'is-edited' : ''}`;
        return (
          <g key={`${bar.label} ${bar.title}`} className={classes}>
            <title>{bar.title}</title>
            <rect x={x} y={top} width={bar_width} height={size} />
            {floats && bar.middle !== undefined && bar.middle !== null && (
              <line x1={x} x2={x + bar_width} y1={y_of(bar.middle)} y2={y_of(bar.middle)} />
            )}
          </g>
        );
      })}
    </svg>
  );
}
