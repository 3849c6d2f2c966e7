import type { Curve, CurveBucket, CurvePoint } from '../../api/types.ts';

/** One bucket ready to draw: instants in milliseconds, values as numbers (statistics; the exact strings stay in `bucket`). */
export interface DrawnBucket {
  start_ms: number;
  /** Where the line passes: the last reading's own time; `last` is its value, or the mean where that was asked for. */
  at_ms: number;
  min: number;
  max: number;
  last: number;
  bucket: CurveBucket;
}

/** Buckets without a gap between them. */
export type Stretch = DrawnBucket[];

/**
 * Splits the buckets where readings are missing. A hole counts as a gap when it is longer than two and a half times what is to be
 * expected between readings: the bucket's own length, or the planned interval when that is longer.
 */
export function stretches(curve: Curve, interval_s: number): Stretch[] {
  const gap_ms = 2.5 * Math.max(curve.bucket_ms, interval_s * 1000);
  const found: Stretch[] = [];
  for (const bucket of curve.buckets) {
    const drawn: DrawnBucket = {
      start_ms: Date.parse(bucket.start),
      at_ms: Date.parse(bucket.last.time),
      min: Number(bucket.min.value),
      max: Number(bucket.max.value),
      last: Number(bucket.mean_rounded ?? bucket.last.value),
      bucket,
    };
    const before = found.at(-1)?.at(-1);
    if (!before || Date.parse(bucket.first.time) - before.at_ms > gap_ms) found.push([drawn]);
    else found.at(-1)?.push(drawn);
  }
  return found;
}

/** Where neighbouring buckets hold values of a sensor past its calibration date. A bucket by itself is a moment wide. */
export function past_calibration(parts: readonly Stretch[]): { from_ms: number; to_ms: number }[] {
  const found: { from_ms: number; to_ms: number }[] = [];
  for (const part of parts) {
    let open: { from_ms: number; to_ms: number } | undefined;
    for (const { start_ms, at_ms, bucket } of part) {
      if (!bucket.past_calibration) {
        open = undefined;
      } else if (open) {
        open.to_ms = at_ms;
      } else {
        open = { from_ms: start_ms, to_ms: at_ms };
        found.push(open);
      }
    }
  }
  return found;
}

/** The bucket whose line point is nearest in time; undefined when there is none within `reach_ms`. */
export function nearest(parts: readonly Stretch[], at_ms: number, reach_ms: number): DrawnBucket | undefined {
  let best: DrawnBucket | undefined;
  for (const part of parts) {
    for (const drawn of part) {
      if (!best || Math.abs(drawn.at_ms - at_ms) < Math.abs(best.at_ms - at_ms)) best = drawn;
    }
  }
  return best && Math.abs(best.at_ms - at_ms) <= reach_ms ? best : undefined;
}

/** Of a bucket's first, last, least and greatest reading the one whose value lies nearest to where was pressed. */
export function nearest_point({ bucket }: DrawnBucket, value: number): CurvePoint {
  const points = [bucket.last, bucket.first, bucket.min, bucket.max];
  return points.reduce((best, point) =>
    Math.abs(Number(point.value) - value) < Math.abs(Number(best.value) - value) ? point : best,
  );
}

/** Least and greatest exact value of the whole curve. */
export function extremes(curve: Curve): { min: string; max: string } | null {
  const [first, ...rest] = curve.buckets;
  if (!first) return null;
  return rest.reduce(
    ({ min, max }, bucket) => ({
      min: Number(bucket.min.value) < Number(min) ? bucket.min.value : min,
      max: Number(bucket.max.value) > Number(max) ? bucket.max.value : max,
    }),
    { min: first.min.value, max: first.max.value },
  );
}
