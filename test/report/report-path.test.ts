import { describe, expect, it } from 'vitest';
import { reportFolderName, runReportPath, symbolPageName } from '../../src/report/elements/report-path.ts';

describe('the path of a report', () => {
  it('contains the run id', () => {
    expect(runReportPath('/home/lab', 'pipeline-2026-11-24T08:00Z')).toBe('/home/lab/reports/pipeline-2026-11-24T08.00Z/index.html');
  });

  it.each(['../../etc', '..', '.', 'a/b', 'a\\b', '/abs', '', 'x'.repeat(500), 'a\u0000b', '日本', 'CON:1?*', 'a.b'])(
    'is one safe folder for the run id %j',
    (id) => {
      expect(reportFolderName(id)).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,130}$|^_[A-Za-z0-9._-]*$/);
    },
  );

  it('is never the same for two runs', () => {
    const ids = ['a:b', 'a.b', 'a-b', 'a/b', 'a b', 'a?b', '../a-b', 'a--b', '日本', '中国'];
    expect(new Set(ids.map(reportFolderName)).size).toBe(ids.length);
  });

  it('has another file for a symbol whose name is that of the run’s own page', () => {
    expect([symbolPageName('BTC_PRICE'), symbolPageName('index')]).toEqual(['BTC_PRICE.html', 'index_.html']);
  });
});
