import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { NewJob } from '../../api/types.ts';

const orders_of_one = { page: 1, page_size: 1 } as const;

/** One job for one device: made, perhaps confirmed, watched. */
export function useSingleJob() {
  const client = useQueryClient();
  const [job_id, setJobId] = useState<number | null>(null);
  const created = useMutation({
    mutationFn: (wanted: NewJob) => api.create_job(wanted),
    onSuccess: (job) => {
      client.setQueryData(queries.job(job.id).queryKey, job);
      setJobId(job.id);
      void client.invalidateQueries({ queryKey: ['jobs'] });
    },
  });
  const job = useQuery({
    ...queries.job(job_id ?? 0),
    enabled: job_id !== null,
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? 1_000 : false),
  });
  const orders = useQuery({
    ...queries.orders(job_id ?? 0, orders_of_one),
    enabled: job_id !== null && job.data !== undefined && job.data.state !== 'awaiting_confirmation',
  });
  const settle = {
    onSuccess: (changed: Awaited<ReturnType<typeof api.confirm_job>>) => {
      client.setQueryData(queries.job(changed.id).queryKey, changed);
      void client.invalidateQueries({ queryKey: ['jobs'] });
    },
  };
  const confirmed = useMutation({ mutationFn: (id: number) => api.confirm_job(id), ...settle });
  const cancelled = useMutation({ mutationFn: (id: number) => api.cancel_job(id), ...settle });
  return {
    job: job_id === null ? undefined : job.data,
    order_id: job_id === null ? undefined : orders.data?.orders[0]?.id,
    created,
    confirmed,
    cancelled,
    start: (wanted: NewJob) => {
      setJobId(null);
      created.mutate(wanted);
    },
    forget: () => {
      setJobId(null);
      created.reset();
      confirmed.reset();
      cancelled.reset();
    },
  };
}
