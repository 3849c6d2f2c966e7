import { type CivilDate, civil_date, days_in_month, normal_date, start_of_day, weekday } from './zoned_time.ts';

/** A calendar stretch that a curve shows, in the site's zone. */
export type SpanName = 'day' | 'week' | 'month' | 'year';
export const span_names: readonly SpanName[] = ['day', 'week', 'month', 'year'];

export interface Span {
  name: SpanName;
  first_day: CivilDate;
  /** First day after the span. */
  end_day: CivilDate;
  from_ms: number;
  to_ms: number;
}

/** The span of that name that holds `date`; weeks begin on Monday. */
export function span_of(name: SpanName, date: CivilDate, time_zone: string): Span {
  const { year, month, day } = date;
  const monday = day - weekday(date);
  const [first_day, end_day] = {
    day: [date, normal_date(year, month, day + 1)],
    week: [normal_date(year, month, monday), normal_date(year, month, monday + 7)],
    month: [normal_date(year, month, 1), normal_date(year, month + 1, 1)],
    year: [normal_date(year, 1, 1), normal_date(year + 1, 1, 1)],
  }[name] as [CivilDate, CivilDate];
  return { name, first_day, end_day, from_ms: start_of_day(first_day, time_zone), to_ms: start_of_day(end_day, time_zone) };
}

/** The day to show after one step back (-1) or on (+1); the day of the month is kept where the month has it. */
export function step_date(name: SpanName, date: CivilDate, step: 1 | -1): CivilDate {
  const { year, month, day } = date;
  if (name === 'day') return normal_date(year, month, day + step);
  if (name === 'week') return normal_date(year, month, day + 7 * step);
  const target = name === 'month' ? normal_date(year, month + step, 1) : normal_date(year + step, month, 1);
  return { ...target, day: Math.min(day, days_in_month(target.year, target.month)) };
}

/** Where the time axis gets its marks: civil hours, days or months of the site's zone, so also right across clock changes. */
export function axis_marks(span: Span, time_zone: string): number[] {
  const marks: number[] = [];
  if (span.name === 'day') {
    for (let instant = span.from_ms; instant <= span.to_ms; instant += 3_600_000) marks.push(instant);
    return marks;
  }
  let date = civil_date(span.from_ms, time_zone);
  for (let instant = span.from_ms; instant <= span.to_ms; ) {
    marks.push(instant);
    date = span.name === 'year' ? normal_date(date.year, date.month + 1, 1) : normal_date(date.year, date.month, date.day + 1);
    instant = start_of_day(date, time_zone);
  }
  return marks;
}
