import { z } from 'zod';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { Certificate } from '../proof/certificate.ts';

/** The fields of stored JSON. A field that is missing or of another type counts as unknown. */
export type Fields = Readonly<Record<string, Json>>;

/** Schema of a finite number; reads null for any other value. */
export const numberOrNull = z.number().nullable().catch(null);
export const textOrNull = z.string().nullable().catch(null);
export const texts = z.record(z.string(), z.string()).readonly().catch({});
export const numbers = z.record(z.string(), z.number()).readonly().catch({});
const json = z.record(z.string(), z.custom<Json>()).readonly().catch({});

/** Schema of an object; reads null unless every field is valid. */
export const wholeOrNull = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape).readonly().nullable().catch(null);

/** Schema of a list; drops entries that are not valid. */
export const listOf = <T>(entry: z.ZodType<T>): z.ZodType<readonly T[]> =>
  z
    .array(z.unknown())
    .catch([])
    .transform((entries) =>
      entries.flatMap((one) => {
        const read = entry.safeParse(one);
        return read.success ? [read.data] : [];
      }),
    );

/** A strategy's parameters with their names in the order in which the strategy declares them. */
export const paramsAndOrder = { strategy: z.string(), params: json, order: listOf(z.string()) };

/** Columns of a result's look-ahead proof; unknown if none was stored. */
export const certificateColumns = {
  lookAhead: wholeOrNull({ changed: z.number(), of: z.number(), deterministic: z.boolean() }),
  provable: z.boolean().nullable().catch(null),
  notProvable: listOf(z.string()),
};

/** Column with the names of the trading terms that differ from the defaults of a run. */
export const termsColumn = wholeOrNull({ differs: z.array(z.string()) });

/** Encodes proof, provability and passport of a result made of several backtests. */
export const storedCertificate = ({ lookAhead, provable, notProvable, passport }: Certificate): Fields =>
  ({ lookAhead, provable, notProvable, passport }) as unknown as Fields;
