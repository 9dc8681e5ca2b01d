import type { AttachedDocument } from '../../../shared/sync/attachment/index.ts';
import { mayWrite } from '../../../shared/sync/index.ts';
import type { OpenRoom } from './open-room.ts';

/** Said of a file that the list has, but of which this device has nothing. */
const NOT_HERE_YET = 'The text of this file is not on this device yet. It comes as soon as the relay is reached.';

/** A document as far as it matters for who may type in it; without a status it counts as known. */
interface ReadableDocument extends Pick<AttachedDocument, 'access'> {
  readonly status?: Pick<AttachedDocument['status'], 'isKnown'>;
}

/** Why self cannot type in a document of the room; undefined when self can. */
export function explainReadOnly(room: OpenRoom, { access, status }: ReadableDocument): string | undefined {
  const { lossExplanation } = room;
  if (status?.isKnown === false && access !== 'none') {
    return lossExplanation === undefined
      ? NOT_HERE_YET
      : `${lossExplanation} The text of this file is not on this device.`;
  }
  if (lossExplanation !== undefined) return `${lossExplanation} You can still read this file.`;
  if (mayWrite(access)) return undefined;
  if (access === 'none') return 'This file is not shared with you any more. You can read it as it was.';
  return `${explainReading(room)} You can read this file.`;
}

/** Why self cannot create, rename or delete files; undefined when self can. */
export function explainListLock(room: OpenRoom): string | undefined {
  if (room.lossExplanation !== undefined) return room.lossExplanation;
  if (room.canEditList) return undefined;
  return room.isPartial
    ? "Only a part of this room's files is shared with you. You can edit them, but not create, rename or delete files."
    : explainReading(room);
}

function explainReading({ session: { self, participants } }: OpenRoom): string {
  if (self?.presenter !== undefined && self.writesAs !== self.role) {
    const presenter = [...participants.values()].find(({ subject }) => subject === self.presenter);
    if (presenter) return `${presenter.name} is presenting: nobody else can edit for now.`;
  }
  if (self && self.accessExplanation !== '') return self.accessExplanation;
  const as = self?.role === 'commenter' ? 'a commenter' : self?.role === 'viewer' ? 'a viewer' : 'a reader';
  return `You are here as ${as}. Ask an owner of the room if you should edit.`;
}
