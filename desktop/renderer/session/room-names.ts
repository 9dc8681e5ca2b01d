const KEY = 'tutti.room-names';
const MAX_NAMES = 50;

function read(): [room: string, name: string][] {
  try {
    const value: unknown = JSON.parse(window.localStorage.getItem(KEY) ?? '[]');
    if (!Array.isArray(value)) return [];
    return value.flatMap((entry: unknown): [string, string][] => {
      const pair: readonly unknown[] = Array.isArray(entry) ? entry : [];
      const [room, name] = pair;
      return typeof room === 'string' && typeof name === 'string' ? [[room, name]] : [];
    });
  } catch {
    return [];
  }
}

/** What a room was called when it was open in a window of this origin last. */
export function rememberedRoomName(room: string): string | undefined {
  return read().find(([known]) => known === room)?.[1];
}

/** Remembers what a room is called, for the time when somebody is asked whether to join it. */
export function rememberRoomName(room: string, name: string): void {
  if (rememberedRoomName(room) === name) return;
  const names = [[room, name], ...read().filter(([known]) => known !== room)].slice(0, MAX_NAMES);
  try {
    window.localStorage.setItem(KEY, JSON.stringify(names));
  } catch {
    // The question is asked without the name then.
    window.localStorage.removeItem(KEY);
  }
}
