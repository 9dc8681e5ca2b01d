import * as Y from 'yjs';
import { type SharedFile, WorkspaceIndex } from '../../../shared/workspace/index.ts';

// They would turn around what is beside them, or begin a line.
const MISLEADING = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A room's list of files, for people: everything that is known of each file, in the order of the paths. */
export function describeIndex(doc: Y.Doc): string {
  const index = new WorkspaceIndex(doc, { random: Math.random, nowMs: Date.now });
  const listed = index.files.map(describeFile);
  // What nobody is shown, until it makes sense by another edit.
  const odd = [...doc.getMap('files').entries()]
    .filter(([fileId]) => index.get(fileId) === undefined)
    .map(
      ([fileId, entry]) =>
        `not shown: ${fileId} ${JSON.stringify(entry instanceof Y.AbstractType ? entry.toJSON() : entry)}`,
    )
    .sort();
  const room = [...doc.getMap('room').entries()].map(([key, value]) => `room ${key}: ${JSON.stringify(value)}`).sort();
  index.dispose();
  return [...room, ...listed, ...odd].map((line) => escape(line)).join('\n');
}

function describeFile({ fileId, path, kind, eol, bom, executable, sizeBytes }: SharedFile): string {
  const format = [...(kind === 'text' ? [eol, ...(bom ? ['BOM'] : [])] : []), ...(executable ? ['executable'] : [])];
  const size = sizeBytes === undefined ? [] : [sizeBytes === 1 ? '1 byte' : `${sizeBytes} bytes`];
  return `${path}  (${[kind, ...format, ...size].join(', ')}; id ${fileId})`;
}

/** A document of any shape, for people: all that it has, as JSON. */
export function describeShared(doc: Y.Doc): string {
  const state = Y.encodeStateAsUpdate(doc);
  const [maps, lists] = [new Y.Doc(), new Y.Doc()];
  for (const copy of [maps, lists]) Y.applyUpdate(copy, state);
  const content = [...doc.share.keys()].sort().map((key) => {
    const map = maps.getMap(key).toJSON();
    const list: readonly unknown[] = lists.getArray(key).toJSON();
    const text = list.every((item) => typeof item === 'string') ? list.join('') : list;
    if (list.length === 0) return [key, map] as const;
    return [key, Object.keys(map).length === 0 ? text : { map, list: text }] as const;
  });
  for (const copy of [maps, lists]) copy.destroy();
  return escape(JSON.stringify(Object.fromEntries(content), undefined, 2), '\n');
}

function escape(text: string, kept = ''): string {
  return text.replace(MISLEADING, (character) =>
    kept.includes(character) ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
