import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';
import { LEAST_RATE, type LeastRate, watchRate } from './least-rate.ts';

const FIRST_BYTES = 4 * 1024;

/**
 * Reads a request's body of at most `maxBytes` bytes. However small the pieces are in which it comes, it takes twice its
 * size at most: each of them is copied. Rejects with an {@link HttpError} when there is more, when the sender is gone, and
 * when it comes more slowly than at `leastRate`.
 */
export function readBytes(
  request: IncomingMessage,
  maxBytes: number,
  leastRate: LeastRate = LEAST_RATE,
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    let bytes = Buffer.allocUnsafeSlow(Math.min(FIRST_BYTES, maxBytes));
    let byteLength = 0;
    const end = () => {
      endWatch();
      request.off('data', take).off('end', finish).off('close', breakOff).off('error', breakOff);
    };
    const take = (piece: Buffer) => {
      const neededBytes = byteLength + piece.byteLength;
      if (neededBytes > maxBytes) {
        end();
        // The request must outlive its refusal, or the client would see a broken connection instead of the answer.
        request.resume();
        return reject(tooLarge(maxBytes));
      }
      if (neededBytes > bytes.byteLength) {
        const larger = Buffer.allocUnsafeSlow(Math.min(maxBytes, Math.max(neededBytes, 2 * bytes.byteLength)));
        bytes.copy(larger, 0, 0, byteLength);
        bytes = larger;
      }
      piece.copy(bytes, byteLength);
      byteLength = neededBytes;
    };
    const finish = () => {
      end();
      resolve(bytes.subarray(0, byteLength));
    };
    const breakOff = () => {
      end();
      reject(new HttpError(400, 'incomplete-body', 'The connection ended before all of the body had come.'));
    };
    const endWatch = watchRate(
      leastRate,
      () => byteLength,
      () => {
        end();
        request.resume();
        reject(new HttpError(408, 'body-too-slow', explainSlow(leastRate)));
      },
    );
    // An iterator takes ten times as long for pieces of a byte.
    request.on('data', take).on('end', finish).on('close', breakOff).on('error', breakOff);
    if (request.destroyed) breakOff();
  });
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, 'too-large', `The body may have at most ${maxBytes} bytes.`);
}

function explainSlow({ bytes, withinMs }: LeastRate): string {
  return `Less than ${bytes} bytes of the body have come in ${withinMs / 1_000} s. Send it in smaller pieces, or try again.`;
}
