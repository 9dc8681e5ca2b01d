const MAX_ROOMS = 50;

/** What this origin's local storage keeps of a room under `key`: a short list of values, of any shape. */
export function readRoomRow(key: string, room: string): readonly unknown[] | undefined {
  const row = readRows(key).find(([known]) => known === room);
  return row?.slice(1);
}

/** Keeps it; of the rooms only the latest are remembered. Does without where nothing can be stored. */
export function keepRoomRow(key: string, room: string, values: readonly unknown[]): void {
  const rows = [[room, ...values], ...readRows(key).filter(([known]) => known !== room)];
  try {
    window.localStorage.setItem(key, JSON.stringify(rows.slice(0, MAX_ROOMS)));
  } catch {
    window.localStorage.removeItem(key);
  }
}

function readRows(key: string): readonly (readonly unknown[])[] {
  try {
    const value: unknown = JSON.parse(window.localStorage.getItem(key) ?? '[]');
    return Array.isArray(value) ? value.filter((row: unknown): row is readonly unknown[] => Array.isArray(row)) : [];
  } catch {
    return [];
  }
}
