import type { TimeRange } from '../../contracts/market-data.ts';
import type { TickKind } from '../../contracts/words.ts';
import { kindCode } from '../database/codes.ts';
import { CopyDecoder } from '../database/copy-format.ts';
import type { Queryable } from '../database/database.ts';
import { lakeChunks, lakeTicks, movedRanges } from '../lake/lake-ticks.ts';

/** Ticks of one instrument and kind as columns, with their sequence numbers; has the shape of `SequencedTicks`. */
interface StoredTickColumns {
  readonly length: number;
  readonly time: Float64Array;
  readonly sequence: Float64Array;
  readonly price: Float64Array;
  /** NaN where the tick has no size. */
  readonly size: Float64Array;
  /** 1 buy, 0 sell, 255 unknown */
  readonly buy: Uint8Array;
}

/** Ticks of `[range.from, range.to)` as columns, by time, then in the venue's order; lake included. @param expected approximate number */
export async function readTickColumns(
  queryable: Queryable,
  { instrumentKey, kind, range, expected = 1024 }: { instrumentKey: number; kind: TickKind; range: TimeRange; expected?: number },
): Promise<StoredTickColumns> {
  let capacity = Math.max(1, expected);
  let time = new Float64Array(capacity);
  let sequence = new Float64Array(capacity);
  let price = new Float64Array(capacity);
  let size = new Float64Array(capacity);
  let buy = new Uint8Array(capacity);
  let length = 0;
  const add = (at: number, seq: number, priced: number, sized: number | null, side: number | null): void => {
    if (length === capacity) {
      capacity *= 2;
      time = grown(time, new Float64Array(capacity));
      sequence = grown(sequence, new Float64Array(capacity));
      price = grown(price, new Float64Array(capacity));
      size = grown(size, new Float64Array(capacity));
      buy = grown(buy, new Uint8Array(capacity));
    }
    time[length] = at;
    sequence[length] = seq;
    price[length] = priced;
    size[length] = sized ?? Number.NaN;
    buy[length] = side ?? 255;
    length++;
  };
  const addStored = async (part: TimeRange): Promise<void> => {
    if (part.from >= part.to) return;
    const decoder = new CopyDecoder();
    const select = `select time, seq, price, size, side from ticks where ${condition({ instrumentKey, kind, ...part })} order by time, seq`;
    for await (const chunk of queryable.copyOut(`copy (${select}) to stdout (format binary)`)) {
      decoder.push(chunk);
      while (decoder.nextRow()) add(decoder.int8(), decoder.int8(), decoder.float8(), decoder.nullableFloat8(), decoder.int2());
    }
  };
  let { from } = range;
  for (const moved of await movedRanges(queryable, range, [instrumentKey])) {
    await addStored({ from, to: moved.from });
    const sql = `select time::double, seq::double, price, size, side from ${await lakeTicks(queryable, [moved])} where kind = ${kindCode(kind)} order by time, seq`;
    for await (const columns of lakeChunks(sql)) {
      const [times, sequences, prices, sizes, sides] = columns as unknown as [
        number[],
        number[],
        number[],
        (number | null)[],
        (number | null)[],
      ];
      for (const i of times.keys()) add(times[i], sequences[i], prices[i], sizes[i], sides[i]);
    }
    from = moved.to;
  }
  await addStored({ from, to: range.to });
  return {
    length,
    time: time.subarray(0, length),
    sequence: sequence.subarray(0, length),
    price: price.subarray(0, length),
    size: size.subarray(0, length),
    buy: buy.subarray(0, length),
  };
}

function grown<Column extends Float64Array | Uint8Array>(column: Column, larger: Column): Column {
  larger.set(column);
  return larger;
}

/** Checks a value before it is put into the text of a COPY, which takes no parameters: only whole numbers are safe. */
function condition({ instrumentKey, kind, from, to }: { instrumentKey: number; kind: TickKind } & TimeRange): string {
  const parts = [
    `instrument = ${whole(instrumentKey)}`,
    `kind = ${kindCode(kind)}`,
    `time >= ${whole(Math.ceil(from))}`,
    `time < ${whole(Math.ceil(to))}`,
  ];
  return parts.join(' and ');
}

function whole(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number`);
  return value;
}
