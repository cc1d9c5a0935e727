/** The runs that come by themselves, unless told otherwise. */
export const DEFAULT_SCHEDULE = {
  scheduleId: 'predictlab',
  cron: '0 */4 * * *',
  timeZone: 'UTC',
  catchupWindow: '1m',
  /** A venue that is down for a while must not cost the whole run: three tries, five minutes apart. */
  retry: { maxRetries: 3, retryDelay: '5m', backoff: 1 },
} as const;
