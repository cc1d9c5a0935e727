import { spawn } from 'node:child_process';
import { cutText } from '../../contracts/text/cut-text.ts';
import type { Sink } from '../sink.ts';

const TIMEOUT_MS = 45_000;
const LONGEST_WORDS = 300;

/**
 * Runs a command of the user's in the shell: the alert as JSON on its standard input, event, text and key in `ALERT_EVENT`,
 * `ALERT_TEXT` and `ALERT_KEY`. It has taken the alert when it ends with 0 within 45 s.
 */
export function commandSink({ command, env }: { command: string; env: NodeJS.ProcessEnv }): Sink {
  return {
    name: 'command',
    async send({ key, alert }) {
      // a group of its own, so that what it started ends with it
      const child = spawn(command, {
        shell: true,
        detached: true,
        stdio: ['pipe', 'ignore', 'pipe'],
        env: { ...env, ALERT_EVENT: alert.event, ALERT_TEXT: alert.text, ALERT_KEY: key },
      });
      let words = '';
      child.stderr.on('data', (chunk: Buffer) => {
        words = (words + chunk.toString()).slice(-LONGEST_WORDS);
      });
      // a command that does not read its input is none the worse
      child.stdin.on('error', () => undefined);
      child.stdin.end(`${JSON.stringify(alert)}\n`);
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error(`it did not end within ${TIMEOUT_MS / 1000} s`));
          if (child.pid !== undefined) endGroup(child.pid);
        }, TIMEOUT_MS);
        child.on('error', (error) => {
          clearTimeout(timer);
          reject(error);
        });
        child.on('close', (code, signal) => {
          clearTimeout(timer);
          const said = words.trim() === '' ? '' : `: ${cutText(words.trim(), LONGEST_WORDS)}`;
          if (code === 0) resolve();
          else reject(new Error(`it ended with ${signal ?? `exit code ${code}`}${said}`));
        });
      });
    },
  };
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}
