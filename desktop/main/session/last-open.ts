import type { KnownRooms } from '../store/known-rooms.ts';

const SETTING = 'open-rooms';
const MAX_ROOMS = 32;

/** Keys of the rooms that the windows show: what the next start shows again, after a crash, too. */
export class LastOpen {
  private readonly known: Pick<KnownRooms, 'readSetting' | 'writeSetting'>;

  constructor(known: Pick<KnownRooms, 'readSetting' | 'writeSetting'>) {
    this.known = known;
  }

  /** In the order of the windows; a room of two windows is there twice. */
  list(): readonly string[] {
    let kept: unknown;
    try {
      kept = JSON.parse(this.known.readSetting(SETTING) ?? '[]');
    } catch (error) {
      // Whatever wrote it: nothing is to be shown again.
      if (error instanceof SyntaxError) return [];
      throw error;
    }
    if (!Array.isArray(kept)) return [];
    const values: readonly unknown[] = kept;
    return values.filter((key) => typeof key === 'string').slice(0, MAX_ROOMS);
  }

  note(keys: readonly string[]): void {
    const next = JSON.stringify(keys.slice(0, MAX_ROOMS));
    if (this.known.readSetting(SETTING) !== next) this.known.writeSetting(SETTING, next);
  }
}
