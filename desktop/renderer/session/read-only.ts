import type { AttachedDocument } from '../../../shared/sync/attachment/index.ts';
import type { OpenRoom } from './open-room.ts';

/** Why self cannot type in a document of the room; undefined when self can. */
export function explainReadOnly(room: OpenRoom, { access }: Pick<AttachedDocument, 'access'>): string | undefined {
  const { lossExplanation } = room;
  if (lossExplanation !== undefined) return `${lossExplanation} You can still read this file.`;
  if (access !== 'read') return undefined;
  const { self } = room.session;
  if (self && self.accessExplanation !== '') return `${self.accessExplanation} You can read this file.`;
  const as = self?.role === 'commenter' ? 'a commenter' : self?.role === 'viewer' ? 'a viewer' : 'a reader';
  return `You are here as ${as}: you can read this file. Ask the room's owner for a link that lets you edit.`;
}
