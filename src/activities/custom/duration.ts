import ms, { type StringValue } from 'ms';
import { z } from 'zod';

/** A duration such as "5m" or "1s" as milliseconds. */
export const durationSchema = z.string().transform((text, context) => {
  const milliseconds = ms(text as StringValue);
  if (typeof milliseconds === 'number' && Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds;
  context.addIssue({ code: 'custom', message: `"${text}" is not a duration; write "30s", "5m" or "2h"` });
  return z.NEVER;
});
