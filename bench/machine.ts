import { availableParallelism, cpus, totalmem } from 'node:os';

/** Describes this machine in one line, since figures of different machines cannot be compared. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() || 'unknown processor';
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`;
  return `${model}, ${availableParallelism()} cores, ${memory}, ${process.platform}-${process.arch}, Node.js ${process.versions.node}`;
}
