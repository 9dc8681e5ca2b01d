import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { TLSSocket } from 'node:tls';

export interface RequestFrom {
  readonly method?: string;
  /** An address of this machine, such as 127.0.0.9, to come from. */
  readonly localAddress?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Authorities that are trusted, in PEM. */
  readonly ca?: string;
}

export interface AnswerFrom {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Serial number of the certificate that was shown. */
  readonly serialNumber: string | undefined;
}

/** Makes one request on a connection of its own. */
export function askFrom(url: string, options: RequestFrom = {}): Promise<AnswerFrom> {
  const { body, ca, localAddress, method = body === undefined ? 'GET' : 'POST' } = options;
  const headers = { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...options.headers };
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? requestSecure : requestPlain;
    const local = localAddress === undefined ? {} : { localAddress };
    const request = send(url, { method, headers, agent: false, ...local, ...(ca !== undefined && { ca }) });
    request.once('error', reject);
    request.once('response', (response) => {
      let text = '';
      const { socket } = response;
      const serialNumber = isTls(socket) ? socket.getPeerCertificate().serialNumber : undefined;
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers, serialNumber }),
      );
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function isTls(socket: object): socket is TLSSocket {
  return 'getPeerCertificate' in socket;
}
