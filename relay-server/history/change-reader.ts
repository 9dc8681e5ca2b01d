import type { RoomGrant } from '../access/room-grant.ts';
import {
  type ChangedDocuments,
  type ChangesOutcome,
  type ChangesSince,
  type ReadableLog,
  readChanges,
  readRoomChanges,
} from './read-changes.ts';
import { ReadingTurns } from './reading-turns.ts';

const MAX_AT_ONCE = 3;
const MAX_OF_PERSON = 16;

/** Says who changed documents. It reads much, and lets nobody keep others from their own. */
export class ChangeReader {
  private readonly log: ReadableLog;
  private readonly turns = new ReadingTurns({ maxAtOnce: MAX_AT_ONCE, maxOfPerson: MAX_OF_PERSON });

  /** The caller keeps the ownership of `log`. */
  constructor(log: ReadableLog) {
    this.log = log;
  }

  /** Undefined when the reader waits for too many answers already. Rejects with a `LogFailure`. */
  read(reader: RoomGrant, since: ChangesSince): Promise<ChangesOutcome | undefined> {
    return this.turns.take(nameOf(reader), () => readChanges(this.log, reader, since));
  }

  /** The same for many documents, without what was brought. */
  readAll(reader: RoomGrant, wanted: readonly ChangesSince[]): Promise<ChangedDocuments | undefined> {
    return this.turns.take(nameOf(reader), () => readRoomChanges(this.log, reader, wanted));
  }
}

function nameOf({ tenant, room, subject }: RoomGrant): string {
  return JSON.stringify([tenant, room, subject]);
}
