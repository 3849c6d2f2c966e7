import type { QueryClient } from '@tanstack/react-query';
import type { AlarmCounts, AlarmNews } from '../../api/types.ts';
import { ring } from '../alarms/alarm_sound.ts';

let rings_heard: number | undefined;

function waiting(counts: AlarmCounts | undefined): number {
  return counts ? Object.values(counts.unacknowledged).reduce((sum, one) => sum + one, 0) : 0;
}

/** Brings the counts into the badge at once and has open lists asked for again; rings when an alarm asks for attention. */
export function apply_alarms(client: QueryClient, news: AlarmNews): void {
  const before = client.getQueryData<AlarmCounts>(['alarm_counts']);
  client.setQueryData(['alarm_counts'], news.counts);
  for (const first of ['alarms', 'alarm']) void client.invalidateQueries({ queryKey: [first] });
  const is_more = rings_heard === undefined ? waiting(news.counts) > waiting(before) : news.rings > rings_heard;
  if (is_more) ring();
  rings_heard = news.rings;
}
