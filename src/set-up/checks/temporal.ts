import type { Connection } from '@temporalio/client';
import { temporalSettings } from '../../client/connection/temporal-connection.ts';
import { messageOf } from '../../contracts/errors.ts';
import { type FoundAttributes, findAttributes, registerCommand } from '../temporal/search-attributes.ts';
import { findTemporalCli } from '../temporal/temporal-cli.ts';
import { ANSWER_TIMEOUT_MS, away, broken, type CheckResult, ok, warn } from './check.ts';

/** Checks the `temporal` executable that `dev`, `demo` and the tests start. Downloads nothing. */
export async function checkTemporalCli(env: NodeJS.ProcessEnv, home: string): Promise<readonly CheckResult[]> {
  const name = 'Temporal CLI';
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (message: string) => warnings.push(message) };
  try {
    const cli = await findTemporalCli({ env, home, log, downloads: [] });
    return [warnings.length === 0 ? ok(name, cli) : warn(name, `${cli}; but ${warnings.join('; ')}`, 'remove the one that does not run')];
  } catch (error) {
    if (env.TEMPORAL_CLI) return [broken(name, messageOf(error), 'unset TEMPORAL_CLI to use the own copy')];
    const action = 'nothing: dev, demo and the tests download it when they need it';
    return [warn(name, ['none yet', ...warnings].join('; '), action)];
  }
}

/** Checks that the server answers, its namespace exists, and the namespace has the search attributes. */
export async function checkTemporalServer(env: NodeJS.ProcessEnv): Promise<readonly CheckResult[]> {
  const name = 'Temporal server';
  let settings: ReturnType<typeof temporalSettings>;
  try {
    settings = temporalSettings(env);
  } catch (error) {
    return [broken(name, messageOf(error), "fix Temporal's environment configuration (TEMPORAL_ADDRESS, TEMPORAL_PROFILE …)")];
  }
  const { address, namespace } = settings;
  let connection: Connection;
  try {
    // The client is loaded here, because loading takes a third of a second.
    const { connectTemporal } = await import('../../client/connection/connect-temporal.ts');
    connection = await connectTemporal({ ...settings.options, connectTimeout: ANSWER_TIMEOUT_MS });
  } catch (error) {
    const action = 'start one with `predictlab dev`, or set TEMPORAL_ADDRESS';
    return [away(name, `${address} does not answer (${messageOf(error)})`, action)];
  }
  try {
    const service = connection.workflowService;
    const soon = Date.now() + ANSWER_TIMEOUT_MS;
    const { serverVersion } = await connection.withDeadline(soon, () => service.getSystemInfo({}));
    try {
      await connection.withDeadline(soon, () => service.describeNamespace({ namespace }));
    } catch (error) {
      const action = `create it (temporal operator namespace create --namespace ${namespace}), or set TEMPORAL_NAMESPACE`;
      return [away(name, `${address} answers, but namespace ${namespace} does not (${messageOf(error)})`, action)];
    }
    const attributes = await connection
      .withDeadline(soon, () => findAttributes(connection.operatorService, namespace))
      .then((found) => attributesCheck(namespace, found))
      // The user may lack the permission to read the attributes; then the line is left out.
      .catch(() => []);
    return [ok(name, `${address}, namespace ${namespace}, version ${serverVersion}`), ...attributes];
  } catch (error) {
    return [away(name, `${address}: ${messageOf(error)}`, 'look at the log of that server')];
  } finally {
    await connection.close();
  }
}

/** Creates the line about search attributes: a warning at most, because runs work without them but cannot be found by them. */
function attributesCheck(namespace: string, { missing, otherType }: FoundAttributes): readonly CheckResult[] {
  const name = 'search attributes';
  if (missing.length + otherType.length === 0) return [ok(name, 'runs are found by PredictLabVerdict, PredictLabSymbol')];
  if (otherType.length > 0) {
    const detail = `${otherType.join(', ')}: registered in ${namespace} with another type, so runs set neither`;
    return [warn(name, detail, 'remove it there, then register it as docs/operations.md says')];
  }
  const detail = `${missing.join(', ')}: not in namespace ${namespace}, so runs are not found by them`;
  return [warn(name, detail, registerCommand(namespace, missing))];
}
