import { readFileSync } from 'node:fs';

/** What Linux counts `/proc/PID/stat` times in: USER_HZ is 100 on every architecture that Node runs on. */
const MS_PER_TICK = 10;

/** User and system time of all threads of a process, ended ones included, in milliseconds. */
export function readCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may have spaces; after it come state (field 3) and so on. utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
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
