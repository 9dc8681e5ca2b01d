import type { AwayKind, AwayRow, AwayStore } from '../sync/away/away-store.ts';

/** Rows by kind and name, which outlive an engine. */
export type AwayRows = Map<string, AwayRow>;

/** In memory, for tests. `write` runs a task when the store comes to it, in the order of the calls. */
export function createMemoryAwayStore(rows: AwayRows, write: <T>(task: () => T) => Promise<T>): AwayStore {
  const keyOf = (kind: AwayKind, name: string) => `${kind}/${name}`;
  return {
    list: (kind) =>
      write(() => {
        const found = [...rows].filter(([key]) => key.startsWith(keyOf(kind, ''))).map(([, row]) => row);
        return found.map(({ name, summary }) => ({ name, summary })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
      }),
    read: (kind, name) => write(() => rows.get(keyOf(kind, name))),
    write: (kind, row) => write(() => void rows.set(keyOf(kind, row.name), row)),
    remove: (kind, name) => write(() => void rows.delete(keyOf(kind, name))),
  };
}
