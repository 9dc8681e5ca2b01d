import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';

/** A part of an update as Yjs decodes it. */
export type Struct = Y.Item | Y.GC | Y.Skip;
/** What an update deletes, as Yjs decodes it: the ranges by their authors. */
export type Deletions = ReturnType<typeof Y.decodeUpdate>['ds']['clients'];

/** Encodes decoded structs, in the order in which they were decoded, and deletions as an update. */
export function encodeStructs(structs: readonly Struct[], deletions: Deletions): Uint8Array {
  const encoder = new Y.UpdateEncoderV1();
  const runs = groupByAuthor(structs);
  encoding.writeVarUint(encoder.restEncoder, runs.length);
  for (const run of runs) {
    const [first] = run;
    encoding.writeVarUint(encoder.restEncoder, run.length);
    encoder.writeClient(first.id.client);
    encoding.writeVarUint(encoder.restEncoder, first.id.clock);
    for (const struct of run) struct.write(encoder, 0);
  }
  writeDeletions(encoder, deletions);
  return encoder.toUint8Array();
}

function groupByAuthor(structs: readonly Struct[]): readonly (readonly [Struct, ...Struct[]])[] {
  const runs: [Struct, ...Struct[]][] = [];
  for (const struct of structs) {
    const run = runs.at(-1);
    if (run && run[0].id.client === struct.id.client) run.push(struct);
    else runs.push([struct]);
  }
  return runs;
}

function writeDeletions(encoder: Y.UpdateEncoderV1, deletions: Deletions): void {
  encoding.writeVarUint(encoder.restEncoder, deletions.size);
  for (const [client, ranges] of deletions) {
    encoder.resetDsCurVal();
    encoding.writeVarUint(encoder.restEncoder, client);
    encoding.writeVarUint(encoder.restEncoder, ranges.length);
    for (const { clock, len } of ranges) {
      encoder.writeDsClock(clock);
      encoder.writeDsLen(len);
    }
  }
}
