import type { PredictLab } from '../../client.ts';
import type { Closers } from '../../closers.ts';
import { messageOf } from '../../contracts/errors.ts';
import { webUiOf } from '../../contracts/search-attributes.ts';
import { artifactStoreOf, sentLogs } from '../../files/store/artifact-store.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { reportFolderName } from '../../report/elements/report-path.ts';
import { openDatabase } from '../../storage/database/open-database.ts';
import { resolveDatabase } from '../../storage/embedded/resolve-database.ts';
import type { UiOptions } from '../../ui/serve-ui.ts';
import { plannedRun, plannedTasks } from '../plan/planned-run.ts';

/** Milliseconds before the next attempt to connect to Temporal. */
const RECONNECT_MS = 5_000;

export interface OpenUiOptions extends Pick<UiOptions, 'port' | 'host' | 'token' | 'control' | 'guarded' | 'log'> {
  readonly env: NodeJS.ProcessEnv;
  /** Whether to use a free port when the given one is in use. @default false: refuse */
  readonly orFree?: boolean;
  readonly closers: Closers;
}

/** Serves the live pages, and opens the database and Temporal for them. @returns the address of the pages */
export async function openUi({ env, closers, log, orFree = false, ...options }: OpenUiOptions): Promise<string> {
  const { url } = closers.add('the embedded Postgres', await resolveDatabase(env, log));
  const database = closers.add('the database pool', await openDatabase({ url, max: 6, applicationName: 'predictlab-ui' }));
  const temporal = closers.add(
    'the Temporal connection',
    lastingConnection(env, (reason) => log.warn(reason)),
  );
  const { TEMPORAL_UI_URL: uiUrl, TEMPORAL_NAMESPACE: namespace = 'default' } = env;
  const store = artifactStoreOf(env);
  // Loaded here: Fastify is slow to load.
  const { serveUi } = await import('../../ui/serve-ui.ts');
  const serve = (port: number) =>
    serveUi({
      ...options,
      port,
      database,
      home: homeFolder(env),
      lab: () => temporal.lab(),
      plan: async () => {
        return await plannedTasks(database, await plannedRun(database, {}));
      },
      ...(store && { sentLogs: (runId: string) => sentLogs(store, reportFolderName(runId)) }),
      ...(uiUrl ? { temporalUi: webUiOf(uiUrl, namespace) } : {}),
      log,
    });
  const served = await serve(options.port).catch((error: unknown) => {
    if (!orFree) throw error;
    return serve(0);
  });
  return closers.add('the pages', served).address;
}

/** A connection to Temporal that is opened again after a failure: without Temporal the pages work, only their live parts are missing. */
function lastingConnection(
  env: NodeJS.ProcessEnv,
  warn: (reason: string) => void,
): { lab(): Promise<PredictLab | undefined>; close(): Promise<void> } {
  let connected: Promise<PredictLab | undefined> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  const connect = async (): Promise<PredictLab | undefined> => {
    try {
      const { PredictLab } = await import('../../client.ts');
      return await PredictLab.connect({ env });
    } catch (error) {
      if (failedAt === Number.NEGATIVE_INFINITY) warn(messageOf(error));
      failedAt = Date.now();
      connected = undefined;
      return undefined;
    }
  };
  return {
    async lab() {
      if (connected === undefined && Date.now() - failedAt < RECONNECT_MS) return undefined;
      connected ??= connect();
      return await connected;
    },
    async close() {
      await (await connected)?.close();
    },
  };
}
