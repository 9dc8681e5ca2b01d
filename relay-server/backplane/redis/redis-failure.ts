import { errorMessage } from '../../../shared/lifecycle/index.ts';
import { isTlsError } from '../../tls-error.ts';

export type RedisFailureCode =
  /** Nothing can be reached at the address, or the connection broke. */
  | 'unreachable'
  /** The certificate or the TLS handshake is not accepted. */
  | 'insecure'
  /** The user name or password is wrong or missing. */
  | 'unauthenticated'
  /** The user may not do what a backplane needs. */
  | 'forbidden'
  /** It is connected and does not answer. */
  | 'silent'
  /** It answers with an error of another kind. */
  | 'refused';

/** Why the relay nodes cannot reach each other through Redis. The message tells an operator what to do. */
export class RedisFailure extends Error {
  override readonly name = 'RedisFailure';
  readonly code: RedisFailureCode;

  constructor(code: RedisFailureCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}

const MEANWHILE = 'Until then edits reach people on other nodes late and presence does not; nothing is lost.';
const NEEDED_RIGHTS = '+publish +subscribe +unsubscribe +ping +hello +client';

/** Says what an error of the server or of the socket means. `label` names the server, `channels` the channels used. */
export function explainRedisError(error: unknown, label: string, channels: string): RedisFailure {
  const text = errorMessage(error);
  const code = classify(error, text);
  return new RedisFailure(code, `${sentence(code, label, channels, text)} ${MEANWHILE}`, error);
}

/** The server does not answer in time. */
export function silentRedis(label: string, waitedMs: number): RedisFailure {
  // A server without TLS waits for more of what it takes for a command.
  const tls = label.startsWith('rediss:') ? ', and that it speaks TLS on this port' : '';
  const what = `Redis at ${label} has not answered for ${waitedMs / 1000} s: check its load and the network${tls}.`;
  return new RedisFailure('silent', `${what} ${MEANWHILE}`);
}

/** Whether the server has answered with an error; any other is one of the connection, which also ends. */
export function isErrorReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

function classify(error: unknown, text: string): RedisFailureCode {
  if (/^(WRONGPASS|NOAUTH)|^ERR (invalid password|AUTH )|^ERR Client sent AUTH/i.test(text)) return 'unauthenticated';
  if (text.startsWith('NOPERM')) return 'forbidden';
  if (isTlsError(error)) return 'insecure';
  return isErrorReply(error) ? 'refused' : 'unreachable';
}

function sentence(code: RedisFailureCode, label: string, channels: string, text: string): string {
  switch (code) {
    case 'unauthenticated':
      return `Redis at ${label} does not accept the user name or password (${text}): correct them in its address.`;
    case 'forbidden':
      return `The user of Redis at ${label} lacks rights (${text}): grant it ${NEEDED_RIGHTS} and &${channels}.`;
    case 'insecure':
      return `Redis at ${label} is not trusted or does not speak TLS (${text}): check its certificate, the scheme, and the authority in ?ca=FILE.`;
    case 'refused':
      return `Redis at ${label} answers with an error (${text}): check the server.`;
    case 'unreachable':
    case 'silent':
      return `Redis at ${label} cannot be reached (${text}): check that it runs, its address and the network.`;
  }
}
