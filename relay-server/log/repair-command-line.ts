import type { DocumentKey } from './update-log.ts';

/** What an operator runs, with where the relay keeps things, to have a document checked. */
export function repairCommand({ tenant, room, document }: DocumentKey): string {
  return `repair --tenant ${tenant} --room ${room} --document ${document}`;
}
