import { keepRoomRow, readRoomRow } from './room-rows.ts';

/** Who self is in a room, as the relay said last. */
export interface OwnIdentity {
  readonly subject: string;
  readonly name: string;
}

const KEY = 'tutti.self';

/** Who self was in a room last, so that messages can be written before the relay is reached. */
export function rememberedIdentity(room: string): OwnIdentity | undefined {
  const [subject, name] = readRoomRow(KEY, room) ?? [];
  return typeof subject === 'string' && typeof name === 'string' ? { subject, name } : undefined;
}

/** Remembers who self is in a room. */
export function rememberIdentity(room: string, { subject, name }: OwnIdentity): void {
  const known = rememberedIdentity(room);
  if (known?.subject !== subject || known.name !== name) keepRoomRow(KEY, room, [subject, name]);
}
