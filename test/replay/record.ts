import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, it } from 'vitest';
import { startSandboxVenue } from '../../sandbox/venue.ts';
import { parseCatalogue } from '../../src/sources/catalogue/parse-catalogue.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';
import { createRig } from '../support/rig.ts';
import { scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';
import { scenarios } from './scenarios.ts';
import { scrub } from './scrub.ts';

const FOLDER = fileURLToPath(new URL('histories', import.meta.url));

/** Run by `npm run record-histories`, not by `npm test`. What was recorded stays, since later versions must replay it. */
it('records one history per workflow of every scenario that has none', async () => {
  for (const scenario of scenarios()) {
    if (existsSync(path.join(FOLDER, `${scenario.name}.json`))) continue;
    const venue = scenario.venue && (await startSandboxVenue({ wholeVenue: scenario.venue }));
    const rig = await createRig({ env: venue?.environment, stages: scriptedStages(scenario.script), longestWaitInSlotMs: 2_000 });
    await importTestSymbols(rig.database, scenario.catalogue);
    if (venue !== undefined)
      await importSymbols(rig.database, parseCatalogue([{ universe: 'ALL', sources: { polymarket: [{ active: true }] } }], 'test'));
    const { runId } = await rig.lab.start(scenario.input, { runId: scenario.name });
    await scenario.meanwhile?.(rig, runId);
    await rig.lab.result(runId).catch(() => undefined);
    const histories = await rig.histories();
    expect(histories.size).toBeGreaterThan(0);
    let count = 0;
    for (const [id, history] of histories) {
      const [workflowId] = id.split(' ');
      const [, symbol] = workflowId.split('/');
      if (symbol !== undefined && scenario.kept?.includes(symbol) === false) continue;
      const workflow = workflowId.replaceAll('/', '--');
      const file = path.join(FOLDER, `${workflow}${count++ === 0 ? '' : `.${count}`}.json`);
      await writeFile(file, `${JSON.stringify(scrub(JSON.parse(historyToJSON(history))))}\n`);
    }
    await rig.close();
    await venue?.close();
  }
}, 300_000);
