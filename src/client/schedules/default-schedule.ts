/** Defaults of a schedule. */
export const DEFAULT_SCHEDULE = {
  scheduleId: 'predictlab',
  cron: '0 */4 * * *',
  timeZone: 'UTC',
  catchupWindow: '1m',
  /** Three retries, five minutes apart, so that a venue that is down for a while does not fail the whole run. */
  retry: { maxRetries: 3, retryDelay: '5m', backoff: 1 },
} as const;
