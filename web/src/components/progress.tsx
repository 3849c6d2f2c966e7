interface ProgressProps {
  label: string;
  done: number;
  total: number;
}

/** How far long work is. */
export function Progress({ label, done, total }: ProgressProps) {
  const percent = total > 0 ? Math.floor((100 * done) / total) : 0;
  return (
    <div className="progress">
      <progress aria-label={label} value={done} max={Math.max(total, 1)} />
      <span className="number">{percent} %</span>
    </div>
  );
}
