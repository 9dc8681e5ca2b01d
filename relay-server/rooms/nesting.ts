import * as Y from 'yjs';

/** Far beyond what people write. Whoever reads, writes or deletes what is nested needs a piece of the stack for each level. */
export const MAX_NESTING = 256;

/** Whether a struct holds a value, such as an embed or a map's entry, that is nested deeper than {@link MAX_NESTING}. */
export function isNestedTooDeep(struct: Y.Item | Y.GC | Y.Skip): boolean {
  if (!(struct instanceof Y.Item)) return false;
  return valuesOf(struct.content).some((value) => depthExceeds(value, MAX_NESTING));
}

function valuesOf(content: Y.Item['content']): readonly unknown[] {
  if (content instanceof Y.ContentAny || content instanceof Y.ContentJSON) return content.arr;
  if (content instanceof Y.ContentEmbed) return [content.embed];
  if (content instanceof Y.ContentFormat) return [content.value];
  if (content instanceof Y.ContentDoc) return [content.opts];
  return [];
}

// Without recursion, which is what the bound is there to spare others.
function depthExceeds(value: unknown, limit: number): boolean {
  let level = [value].filter(isContainer);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((container) => Object.values(container).filter(isContainer));
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}
