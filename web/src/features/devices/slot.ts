/**
 * How long a register may rest before that is worth a remark. A device's record holds the interval of its fastest register only;
 * slower ones are read at least once in the quarter of an hour that settlement counts in.
 */
export function slot_s(interval_s: number): number {
  return Math.max(15 * 60, interval_s);
}
