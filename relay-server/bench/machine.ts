import { cpus, release, totalmem } from 'node:os';

/** What the figures were measured on. Nothing that tells whose machine it is. */
export function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  const kernel = /^\d+(\.\d+)*/.exec(release())?.[0] ?? release();
  return `${processors.length} × ${model}, ${memory} GiB, Linux ${kernel}, Node ${process.versions.node}`;
}
