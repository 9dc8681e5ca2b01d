import * as Y from 'yjs';
import { ProtocolError } from '../../shared/protocol/index.ts';

/** Throws a {@link ProtocolError} for what is no state vector; an empty one says nothing. */
export function checkStateVector(stateVector: Uint8Array): void {
  if (stateVector.byteLength === 0) return;
  try {
    Y.decodeStateVector(stateVector);
  } catch {
    throw new ProtocolError('malformed state vector');
  }
}
