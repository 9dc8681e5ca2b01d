import type * as Y from 'yjs';
import type { TracePatch } from '../../../shared/testing/traces.ts';

const SURROGATE = /[\uD800-\uDFFF]/;

/** Applies patches to a text as one transaction. */
export type ApplyPatches = (text: Y.Text, patches: readonly TracePatch[]) => void;

/** How to apply a trace's patches, which count code points, to texts, which count UTF-16 units. */
export function createPatcher(transactions: readonly { readonly patches: readonly TracePatch[] }[]): ApplyPatches {
  const areUnitsAlike = !transactions.some(({ patches }) => patches.some(([, , insert]) => SURROGATE.test(insert)));
  return (text, patches) => {
    text.doc?.transact(() => {
      for (const [position, deleteCount, insert] of patches) {
        const start = areUnitsAlike ? position : toUnits(text, position);
        const end = areUnitsAlike ? position + deleteCount : toUnits(text, position + deleteCount);
        if (end > start) text.delete(start, end - start);
        if (insert !== '') text.insert(start, insert);
      }
    });
  };
}

function toUnits(text: Y.Text, codePoints: number): number {
  const content = text.toString();
  let units = 0;
  for (let count = 0; count < codePoints; count++) units += (content.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  return units;
}
