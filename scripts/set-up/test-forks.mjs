import { execFileSync } from 'node:child_process';

/** All processes as `{ pid, parent, args }`; none where there is no `ps`. */
function processes() {
  try {
    const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8', maxBuffer: 1 << 26 }).split('\n');
    return rows.flatMap((row) => {
      const [, pid, parent, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row) ?? [];
      return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), args }];
    });
  } catch {
    return [];
  }
}

/** The processes below `pid` in which vitest runs test files. */
export function forksBelow(pid) {
  const all = processes();
  const below = new Set([pid]);
  for (let size = 0; size !== below.size; ) {
    size = below.size;
    for (const each of all) if (below.has(each.parent)) below.add(each.pid);
  }
  return all.filter((each) => each.pid !== pid && below.has(each.pid) && /vitest/.test(each.args));
}

/** Ends those that are left: a fork whose test computes without end outlives vitest, which cannot reach it. */
export function endForks(forks) {
  const left = processes();
  for (const { pid, args } of forks) if (left.some((each) => each.pid === pid && each.args === args)) process.kill(pid, 'SIGKILL');
}
