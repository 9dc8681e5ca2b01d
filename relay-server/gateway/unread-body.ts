import type { IncomingMessage, ServerResponse } from 'node:http';

/** Whoever was answered in the middle of their request has so long to see that. */
const UNREAD_BODY_MS = 10_000;

/**
 * Ends the connection `withinMs` after an answer to a request of which not all has come then: a body that is of no
 * interest any more must not keep it for as long as its sender likes.
 */
export function endUnreadBody(request: IncomingMessage, response: ServerResponse, withinMs = UNREAD_BODY_MS): void {
  response.once('finish', () => {
    if (request.complete) return;
    const { socket } = request;
    const timer = setTimeout(() => socket.destroy(), withinMs);
    const forget = () => {
      clearTimeout(timer);
      request.off('end', forget);
      socket.off('close', forget);
    };
    request.once('end', forget);
    socket.once('close', forget);
  });
}
