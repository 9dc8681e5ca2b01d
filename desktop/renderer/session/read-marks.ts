import { keepRoomRow, readRoomRow } from './room-rows.ts';

/** The message of a room's chat that was shown last. */
export interface ReadMark {
  readonly id: string;
  readonly atMs: number;
}

const KEY = 'tutti.chat-read';

/** How far the chat of a room was read on this device. */
export function readMarkOf(room: string): ReadMark | undefined {
  const [id, atMs] = readRoomRow(KEY, room) ?? [];
  return typeof id === 'string' && typeof atMs === 'number' ? { id, atMs } : undefined;
}

/** Keeps how far the chat of a room was read. */
export function keepReadMark(room: string, { id, atMs }: ReadMark): void {
  if (readMarkOf(room)?.id !== id) keepRoomRow(KEY, room, [id, atMs]);
}
