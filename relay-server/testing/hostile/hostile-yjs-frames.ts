import * as encoding from 'lib0/encoding';
import type { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { yjsUpdate } from './hostile-frames.ts';
import { mutateBytes, oddJson, oddNumber } from './odd-values.ts';

const [SYNC, AWARENESS, QUERY_AWARENESS] = [0, 1, 3] as const;

/** A frame of a y-websocket client that is wrong in one field, or in its bytes. */
export function hostileYjsFrame(random: SeededRandom): Uint8Array {
  const frame = random.chance(0.7)
    ? syncFrame(random)
    : random.chance(0.8)
      ? awarenessFrame(random)
      : queryFrame(random);
  return random.chance(0.4) ? mutateBytes(random, frame) : frame;
}

/** Sync step 1 of an empty document, with which every client begins. */
export const YJS_STEP_1 = Uint8Array.of(SYNC, 0, 1, 0);

function syncFrame(random: SeededRandom): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, SYNC);
    encoding.writeVarUint(encoder, random.chance(0.1) ? oddNumber(random) : random.below(3));
    if (random.chance(0.1)) encoding.writeVarUint(encoder, oddNumber(random));
    else encoding.writeVarUint8Array(encoder, yjsUpdate(random));
  });
}

function awarenessFrame(random: SeededRandom): Uint8Array {
  const entries = encoding.encode((encoder) => {
    const count = random.below(4);
    encoding.writeVarUint(encoder, random.chance(0.1) ? oddNumber(random) : count);
    for (let entry = 0; entry < count; entry++) {
      encoding.writeVarUint(encoder, oddNumber(random));
      encoding.writeVarUint(encoder, oddNumber(random));
      const state = { user: oddJson(random), cursor: { anchor: oddJson(random), head: oddJson(random) } };
      encoding.writeVarString(encoder, JSON.stringify(random.chance(0.5) ? state : oddJson(random)));
    }
  });
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, AWARENESS);
    encoding.writeVarUint8Array(encoder, entries);
  });
}

function queryFrame(random: SeededRandom): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, QUERY_AWARENESS);
    if (random.chance(0.3)) encoding.writeVarUint(encoder, oddNumber(random));
  });
}
