import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../files/scratch.ts';
import { predictlab } from './run-main.ts';

const folder = scratchFolder();
const HEADER = 'symbol,source,instrument,price_type,interval,open_time,open,high,low,close,volume,quote_volume,buy_volume,trades,complete';
const trades = folder.write(
  'senate.csv',
  [
    'time,price,size,side',
    '2026-01-01T00:00:00Z,0.4,0.1,buy',
    '2026-01-01T00:30:00Z,0.5,0.2,sell',
    '2026-01-01T01:00:00Z,0.6,3,buy',
    '2026-01-01T03:59:59.999Z,0.7,1,buy',
  ].join('\n'),
);

describe('predictlab candles', () => {
  it('prints the candles of a file with exact decimals, without empty buckets', async () => {
    const { code, out, err } = await predictlab('candles', '--ticks', trades, '--interval', '1h');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n')).toEqual([
      HEADER,
      'senate,file,file:senate,trade,1h,2026-01-01T00:00:00.000Z,0.4,0.5,0.4,0.5,0.3,0.14,0.1,2,true',
      'senate,file,file:senate,trade,1h,2026-01-01T01:00:00.000Z,0.6,0.6,0.6,0.6,3,1.8,3,1,true',
      'senate,file,file:senate,trade,1h,2026-01-01T03:00:00.000Z,0.7,0.7,0.7,0.7,1,0.7,1,1,true',
      '',
    ]);
  });

  it('calls a candle complete only when the file covers its whole bucket', async () => {
    const file = folder.write('partial.csv', 'time,price\n2026-01-01T00:10:00Z,0.4\n2026-01-01T01:10:00Z,0.4\n2026-01-01T02:10:00Z,0.4\n');
    const { out } = await predictlab('candles', '--ticks', file, '--interval', '1h');
    expect(
      out
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',').at(-1)),
    ).toEqual(['false', 'true', 'false']);
  });

  it('leaves the volume of price points empty in CSV, and null in JSON', async () => {
    const file = folder.write('points.csv', 'time,price\n1767225600,0.4\n');
    const { out } = await predictlab('candles', '--ticks', file, '--interval', '1d');
    expect(out.split('\n')[1]).toBe('points,file,file:points,price,1d,2026-01-01T00:00:00.000Z,0.4,0.4,0.4,0.4,,,,1,false');
    const json = JSON.parse((await predictlab('candles', '--ticks', file, '--interval', '1d', '--json')).out) as Record<string, unknown>[];
    expect(json).toMatchObject([{ price_type: 'price', volume: null, quote_volume: null, buy_volume: null, trades: 1, complete: false }]);
  });

  it('ends with exit code 2 and one sentence for a file without rows', async () => {
    const file = folder.write('header.csv', 'time,price\n');
    const { code, out, err } = await predictlab('candles', '--ticks', file, '--interval', '1h');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('header.csv has no rows after its header, so there are no candles');
  });

  it('states which rows were left out, and why', async () => {
    const file = folder.write(
      'bad-rows.csv',
      'time,price,size\n1767225600000,0.4,1\n1767225601000,1.4,1\n1767225602,0.4,1\n1767225603000,0.4\n1767225604000,0.4,0\n',
    );
    const { code, out, err } = await predictlab('candles', '--ticks', file, '--interval', '1d');
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(2);
    expect(err).toContain(
      '4 of 5 rows left out: price-range 1 (line 3), time-range 1 (line 4), malformed 1 (line 5), size-range 1 (line 6)',
    );
  });

  it('ends with exit code 2 when no row can be read, and names the field, its value, its line and the accepted forms', async () => {
    const file = folder.write('bad.csv', 'time,price\n2026-01-01,0.5 or so\n2026-01-02,cheap\n');
    expect(await predictlab('candles', '--ticks', file, '--interval', '1h')).toEqual({
      code: 2,
      out: '',
      err: `predictlab: ${file}: none of its 2 rows can be read; line 2: price "0.5 or so" cannot be read: prices are numbers such as 0.45, $0.45, 45¢ or 45%\n`,
      json: expect.any(Function),
    });
  });

  it('asks whether whole numbers are cents, and reads them as cents when an option states it', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `2026-01-01T00:${String(i + 10)}:00Z,${40 + i}`);
    const file = folder.write('cents.csv', ['time,price', ...rows].join('\n'));
    const asked = await predictlab('candles', '--ticks', file, '--interval', '1h');
    expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('prices from 40 to 59 may be cents of a probability') });
    const cents = await predictlab('candles', '--ticks', file, '--interval', '1h', '--price-unit', 'cents');
    expect(cents.out).toContain(',0.4,0.59,0.4,0.59,');
    expect((await predictlab('candles', '--ticks', file, '--interval', '1h', '--market', 'asset')).out).toContain(',40,59,40,59,');
  });

  it('refuses a file of several markets and names the column', async () => {
    const file = folder.write('two.csv', 'time,contract,price\n2026-01-01,Trump,0.1\n2026-01-01,Biden,0.91\n');
    const { code, err } = await predictlab('candles', '--ticks', file, '--interval', '1h');
    expect(code).toBe(2);
    expect(err).toContain('line 3: the column contract names Biden, and Trump in the lines before');
    expect(err).toContain('--by contract');
  });

  it('mirrors trades of the other outcome', async () => {
    const file = folder.write(
      'two-sided.csv',
      'When,Px,Shares,Type,Outcome\n2026-01-01 00:00:00,0.37,10,Buy,No\n2026-01-01 00:00:01,0.65,2,Buy,Yes\n',
    );
    const { out, err } = await predictlab(
      'candles',
      '--ticks',
      file,
      '--interval',
      '1m',
      '--columns',
      'time=When,price=Px,size=Shares,side=Type,outcome=Outcome',
      '--first-outcome',
      'Yes',
    );
    expect(out.split('\n')[1]).toContain(',0.63,0.65,0.63,0.65,12,7.6,2,2,');
    expect(err).toContain('prices are of Yes; trades of No are mirrored');
  });

  it('reads the column names from a file, like the one among the examples', async () => {
    const file = folder.write(
      'midterms.csv',
      '"","Timestamp","Type","Outcome","Shares","Price"\n"1",2022-11-13 15:33:33,"Sell","Yes",10,0.5\n',
    );
    const example = join(import.meta.dirname, '../../examples/midterms-columns.json');
    expect((await predictlab('candles', '--ticks', file, '--interval', '1w', '--columns', `@${example}`)).out).toContain(
      '2022-11-07T00:00:00.000Z,0.5,0.5,0.5,0.5,10,5,0,1,',
    );
  });

  it('counts rows that repeat an id once', async () => {
    const file = folder.write('ids.csv', 'time,price,size,trade_id\n1767225600,0.4,1,a\n1767225600,0.4,1,a\n1767225600,0.4,1,b\n');
    const { out, err } = await predictlab('candles', '--ticks', file, '--interval', '1m');
    expect(out.split('\n')[1]).toContain(',2,0.8,,2,');
    expect(err).toContain('1 rows repeat an id and count once');
  });

  it('reads prices above 1 as prices of an asset', async () => {
    const file = folder.write('btc.csv', 'time,price\n1767225600,63304.2\n1767225601,63305\n');
    expect((await predictlab('candles', '--ticks', file, '--interval', '1m')).out).toContain(',63304.2,63305,63304.2,63305,');
    const ended = await predictlab('candles', '--ticks', file, '--interval', '1m', '--market', 'probability');
    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('every one of its 2 rows is bad: price-range 2 (lines 2, 3)') });
  });

  it('treats each file that matches a pattern as an instrument', async () => {
    folder.write('many-b.csv', 'time,price\n1767225600,0.4\n');
    folder.write('many-a.csv', 'time,price\n1767225600,0.5\n');
    const { out } = await predictlab('candles', '--ticks', join(folder.path, 'many-*.csv'), '--interval', '1m');
    expect(
      out
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[2]),
    ).toEqual(['file:many-a', 'file:many-b']);
  });

  it('ends with exit code 2 and one sentence when an argument is wrong, and prints nothing', async () => {
    const cases = [
      [['--ticks', join(folder.path, 'none.csv'), '--interval', '1h'], /there is no file/],
      [['--ticks', trades, '--interval', '7m'], /--interval 7m: write one of 1m, 5m/],
      [
        ['--ticks', trades, '--interval', '1h', '--columns', 'time=When'],
        /has no column for time \("When"\); its columns are: time, price, size, side/,
      ],
      [['--ticks', trades, '--interval', '1h', '--columns', 'when=time'], /"when=time" is not one of time=<column>/],
      [['--ticks', trades, '--interval', '1h', '--columns', '@none.json'], /--columns @none.json/],
      [['--ticks', trades, '--interval', '1h', '--market', 'stock'], /--market stock: write one of probability, asset/],
      [['--ticks', trades, '--interval', '1h', '--format', 'parquet'], /--format parquet: write one of csv, json/],
    ] as const;
    for (const [args, message] of cases) {
      const { code, out, err } = await predictlab('candles', ...args);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toMatch(message);
    }
  });
});
