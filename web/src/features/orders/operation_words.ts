/** What the operation log knows of; the platform may know more one day, and then its own word is shown. */
export const operation_actions = [
  'create_job',
  'confirm_job',
  'cancel_job',
  'lapse_job',
  'order_over',
  'set_access',
  'forget_access',
  'protect',
  'unprotect',
  'acknowledge_alarm',
  'shelve_alarm',
  'unshelve_alarm',
  'create_tariff',
  'change_tariff',
  'set_point_tariff',
  'withdraw_point_tariff',
  'import_points',
] as const;
export const operation_outcomes = ['ok', 'done', 'refused', 'unknown', 'failed', 'expired', 'cancelled', 'forbidden'] as const;
