import { brand } from './theme.ts';

/** The mark; decorative, as the name always stands beside it. */
export function Mark({ size = 28 }: { size?: number }) {
  const { mark } = brand;
  return (
    <svg
      className="mark"
      width={size}
      height={size}
      viewBox={`0 0 ${mark.size} ${mark.size}`}
      aria-hidden="true"
      focusable="false"
    >
      <path className="mark-lines" d={mark.beam} />
      <path className="mark-lines mark-rule" d={mark.rule} />
      <path className="mark-needle" d={mark.needle} />
      <circle className="mark-needle" cx={mark.pivot.x} cy={mark.pivot.y} r={mark.pivot.radius} />
    </svg>
  );
}
