import type { ProblemReport } from '../../ipc/index.ts';

/** Says that this device's list of rooms was damaged, and where it was set aside. */
export function describeLostList(setAsidePath: string): ProblemReport {
  return {
    id: 'list-of-rooms-set-aside',
    severity: 'error',
    title: 'The list of rooms on this device was damaged.',
    detail: `It was set aside as "${setAsidePath}" and begun anew: folders get new rooms and links, and rooms that were joined need their links again. What is in the rooms is not touched.`,
    canRetry: false,
  };
}
