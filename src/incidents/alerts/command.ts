import { spawn } from 'node:child_process';
import { cutText } from '../../contracts/text/cut-text.ts';
import type { Sink } from './alert.ts';

const TIMEOUT_MS = 45_000;
const MAX_STDERR_LENGTH = 300;

/**
 * Runs a user's command in the shell, with the alert as JSON on standard input and its event, text and key in `ALERT_EVENT`,
 * `ALERT_TEXT` and `ALERT_KEY`. The command has accepted the alert when it exits with code 0 within 45 s.
 */
export function commandSink({ command, env }: { command: string; env: NodeJS.ProcessEnv }): Sink {
  return {
    name: 'command',
    async send({ key, alert }) {
      // its own process group, so that the processes it starts end with it
      const child = spawn(command, {
        shell: true,
        detached: true,
        stdio: ['pipe', 'ignore', 'pipe'],
        env: { ...env, ALERT_EVENT: alert.event, ALERT_TEXT: alert.text, ALERT_KEY: key },
      });
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => {
        stderr = (stderr + chunk.toString()).slice(-MAX_STDERR_LENGTH);
      });
      // a command need not read its input
      child.stdin.on('error', () => undefined);
      child.stdin.end(`${JSON.stringify(alert)}\n`);
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error(`it did not end within ${TIMEOUT_MS / 1000} s`));
          if (child.pid !== undefined) killGroup(child.pid);
        }, TIMEOUT_MS);
        child.on('error', (error) => {
          clearTimeout(timer);
          reject(error);
        });
        child.on('close', (code, signal) => {
          clearTimeout(timer);
          const reason = stderr.trim() === '' ? '' : `: ${cutText(stderr.trim(), MAX_STDERR_LENGTH)}`;
          if (code === 0) resolve();
          else reject(new Error(`it ended with ${signal ?? `exit code ${code}`}${reason}`));
        });
      });
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // the group has already ended
  }
}
