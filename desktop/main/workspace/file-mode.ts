/** The right of a file's owner to run it. */
export const OWNER_MAY_RUN = 0o100;
const ALL_MAY_RUN = 0o111;
const ALL_MAY_READ = 0o444;

/** Whether the owner of a file with this mode may run it. */
export function isExecutable(mode: number): boolean {
  return (mode & OWNER_MAY_RUN) !== 0;
}

/** The mode of a file that whoever reads it may run, or that nobody may; else as it was. */
export function withExecutable(mode: number, executable: boolean): number {
  return executable ? mode | ((mode & ALL_MAY_READ) >> 2) : mode & ~ALL_MAY_RUN;
}
