import { readdirSync, readFileSync } from 'node:fs';

/** What Linux counts `/proc/PID/stat` times in: USER_HZ is 100 on every architecture that Node runs on. */
const MS_PER_TICK = 10;

/** User and system time of all threads of a process, ended ones included, in milliseconds. */
export function readCpuMs(pid: number): number {
  const { ownTicks } = readStat(pid);
  return ownTicks * MS_PER_TICK;
}

/** The same for a process and those that it has started itself, ended ones included. */
export function readFamilyCpuMs(pid: number): number {
  const { ownTicks, endedChildrenTicks } = readStat(pid);
  const children = listProcesses().filter(({ parent }) => parent === pid);
  return children.reduce((sum, child) => sum + child.ownTicks, ownTicks + endedChildrenTicks) * MS_PER_TICK;
}

interface ProcessStat {
  readonly parent: number;
  readonly ownTicks: number;
  readonly endedChildrenTicks: number;
}

function readStat(pid: number): ProcessStat {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may have spaces; after it come state (field 3), the parent (4) and so on. utime and stime
  // are 14 and 15, and those of children that have ended 16 and 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = (first: number) => Number(fields[first - 3]) + Number(fields[first - 2]);
  return { parent: Number(fields[1]), ownTicks: ticks(14), endedChildrenTicks: ticks(16) };
}

function listProcesses(): readonly ProcessStat[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return [readStat(Number(name))];
    } catch (error) {
      // It has ended since the folder was listed.
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return [];
      throw error;
    }
  });
}

/** Resident memory of a process in bytes. */
export function readRssBytes(pid: number): number {
  return readKilobytes(`/proc/${pid}/status`, 'VmRSS') * 1024;
}

/** Memory of a process in bytes, with its share of what it shares with others. */
export function readPssBytes(pid: number): number {
  return readKilobytes(`/proc/${pid}/smaps_rollup`, 'Pss') * 1024;
}

function readKilobytes(path: string, field: string): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(path, 'utf8'));
  if (!line) throw new Error(`${path} has no ${field}`);
  return Number(line[1]);
}
