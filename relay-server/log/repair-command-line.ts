import type { DocumentKey } from './update-log.ts';

/** What an operator runs, with where the relay keeps things, to have a document checked, or all of a room. */
export function repairCommand({
  tenant,
  room,
  document,
}: Omit<DocumentKey, 'document'> & { readonly document?: string }): string {
  return `repair --tenant ${tenant} --room ${room}${document === undefined ? '' : ` --document ${document}`}`;
}
