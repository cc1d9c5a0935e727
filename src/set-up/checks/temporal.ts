import type { Connection } from '@temporalio/client';
import { temporalSettings } from '../../client/connection/temporal-connection.ts';
import { messageOf } from '../../contracts/errors.ts';
import { type FoundAttributes, findAttributes, registerCommand } from '../temporal/search-attributes.ts';
import { findTemporalCli } from '../temporal/temporal-cli.ts';
import { ANSWER_TIMEOUT_MS, type CheckResult } from './check.ts';

/** Checks the executable that dev, demo and the tests start; downloads nothing. */
export async function checkTemporalCli(env: NodeJS.ProcessEnv, home: string): Promise<readonly CheckResult[]> {
  const name = 'Temporal CLI';
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (message: string) => warnings.push(message) };
  try {
    const cli = await findTemporalCli({ env, home, log, downloads: [] });
    if (warnings.length > 0)
      return [{ name, status: 'warn', detail: `${cli}; but ${warnings.join('; ')}`, action: 'remove the one that does not run' }];
    return [{ name, status: 'ok', detail: cli }];
  } catch (error) {
    if (env.TEMPORAL_CLI) return [{ name, status: 'fail', detail: messageOf(error), action: 'unset TEMPORAL_CLI to use the own copy' }];
    const action = 'nothing: dev, demo and the tests download it when they need it';
    return [{ name, status: 'warn', detail: ['none yet', ...warnings].join('; '), action }];
  }
}

/** Checks that the server answers, its namespace exists, and the namespace has the search attributes. */
export async function checkTemporalServer(env: NodeJS.ProcessEnv): Promise<readonly CheckResult[]> {
  const name = 'Temporal server';
  let settings: ReturnType<typeof temporalSettings>;
  try {
    settings = temporalSettings(env);
  } catch (error) {
    return [
      {
        name,
        status: 'fail',
        detail: messageOf(error),
        action: "fix Temporal's environment configuration (TEMPORAL_ADDRESS, TEMPORAL_PROFILE …)",
      },
    ];
  }
  const { address, namespace } = settings;
  let connection: Connection;
  try {
    // Loaded late, because it takes a third of a second.
    const { connectTemporal } = await import('../../client/connection/connect-temporal.ts');
    connection = await connectTemporal({ ...settings.options, connectTimeout: ANSWER_TIMEOUT_MS });
  } catch (error) {
    const action = 'start one with `predictlab dev`, or set TEMPORAL_ADDRESS';
    return [{ name, status: 'fail', detail: `${address} does not answer (${messageOf(error)})`, action, service: true }];
  }
  try {
    const service = connection.workflowService;
    const soon = Date.now() + ANSWER_TIMEOUT_MS;
    const { serverVersion } = await connection.withDeadline(soon, () => service.getSystemInfo({}));
    try {
      await connection.withDeadline(soon, () => service.describeNamespace({ namespace }));
    } catch (error) {
      const action = `create it (temporal operator namespace create --namespace ${namespace}), or set TEMPORAL_NAMESPACE`;
      return [
        {
          name,
          status: 'fail',
          detail: `${address} answers, but namespace ${namespace} does not (${messageOf(error)})`,
          action,
          service: true,
        },
      ];
    }
    const attributes = await connection
      .withDeadline(soon, () => findAttributes(connection.operatorService, namespace))
      .then((found) => attributesCheck(namespace, found))
      // This user may lack the permission; the check is optional.
      .catch(() => []);
    return [{ name, status: 'ok', detail: `${address}, namespace ${namespace}, version ${serverVersion}` }, ...attributes];
  } catch (error) {
    return [{ name, status: 'fail', detail: `${address}: ${messageOf(error)}`, action: 'look at the log of that server', service: true }];
  } finally {
    await connection.close();
  }
}

/** Search attributes are optional for runs, but needed to find runs in Temporal. */
function attributesCheck(namespace: string, { missing, otherType }: FoundAttributes): readonly CheckResult[] {
  const name = 'search attributes';
  if (missing.length + otherType.length === 0)
    return [{ name, status: 'ok', detail: 'runs are found by PredictLabVerdict, PredictLabSymbol' }];
  if (otherType.length > 0) {
    const detail = `${otherType.join(', ')}: registered in ${namespace} with another type, so runs set neither`;
    return [{ name, status: 'warn', detail, action: 'remove it there, then register it as docs/operations.md says' }];
  }
  const detail = `${missing.join(', ')}: not in namespace ${namespace}, so runs are not found by them`;
  return [{ name, status: 'warn', detail, action: registerCommand(namespace, missing) }];
}
