import { CLOSE_CODES } from '../protocol/index.ts';
import type { SocketClose } from './message-socket.ts';

/** What is known about the end of a connection. */
export interface CloseFacts {
  readonly close: SocketClose;
  /** What the relay said when it took leave (SPEC CC1); empty when it did not. */
  readonly said: string;
  readonly wasWelcome: boolean;
  readonly syncUrl: string;
}

/** HTTP refusals that a later try may pass. */
const TRANSIENT_STATUS: readonly number[] = [408, 425, 429];

/** The close code to act on, and words for the person who can. */
export function explainClose(facts: CloseFacts): { readonly closeCode: number; readonly explanation: string } {
  const { close, said } = facts;
  if (close.httpStatus !== undefined) return explainHttpStatus(close.httpStatus, facts.syncUrl);
  return { closeCode: close.code, explanation: said !== '' ? said : explainCode(close.code, facts) };
}

function explainHttpStatus(status: number, syncUrl: string) {
  const isPermanent = status >= 400 && status < 500 && !TRANSIENT_STATUS.includes(status);
  if (status === 401) {
    return { closeCode: CLOSE_CODES.unauthenticated, explanation: `The relay at ${syncUrl} asks for another token.` };
  }
  if (status === 403) {
    return { closeCode: CLOSE_CODES.revoked, explanation: `The relay at ${syncUrl} does not let this app in.` };
  }
  if (status === 404) {
    const explanation = `There is no such room at ${syncUrl}, or what answers there is not a Tutti relay. Check the link.`;
    return { closeCode: CLOSE_CODES.roomNotFound, explanation };
  }
  if (isPermanent || (status >= 200 && status < 400)) {
    const explanation = `What answers at ${syncUrl} is not a Tutti relay (HTTP ${status}). Check the address.`;
    return { closeCode: 4400, explanation };
  }
  const explanation = `The relay at ${syncUrl} cannot take connections now (HTTP ${status}).`;
  return { closeCode: CLOSE_CODES.tryAgainLater, explanation };
}

function explainCode(code: number, { syncUrl, wasWelcome, close }: CloseFacts): string {
  switch (code) {
    case CLOSE_CODES.unauthenticated:
      return 'The relay does not accept the token. Ask for a new link.';
    case CLOSE_CODES.revoked:
      return 'Your access to this room was taken back.';
    case CLOSE_CODES.roomNotFound:
      return 'The room does not exist on this relay.';
    case CLOSE_CODES.version:
      return 'The relay and this app speak different versions of the protocol. Update the older one.';
    case CLOSE_CODES.serviceRestart:
      return 'The relay is restarting.';
    case CLOSE_CODES.tryAgainLater:
      return 'The relay is busy.';
    case CLOSE_CODES.tooLarge:
      return 'The relay found a message too large.';
    case CLOSE_CODES.protocol:
      return `The relay found a message malformed${close.reason ? ` (${close.reason})` : ''}.`;
    default:
      return wasWelcome ? 'The connection to the relay was lost.' : `No Tutti relay answers at ${syncUrl}.`;
  }
}
