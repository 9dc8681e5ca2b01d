import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Disposable, toDisposable } from '../shared/lifecycle/index.ts';
import { OperatorError } from './data-folder.ts';
import { longestMs } from './gateway/least-rate.ts';
import type { TlsCertificate } from './tls-certificate.ts';

/** No body that is read is larger. */
const LARGEST_BODY_BYTES = 2 * 1024 * 1024;
/**
 * Slow or idle requests must not pile up. How slow a body may be is decided where it is read; the limit here is for what
 * would be forgotten. A head, and a handshake, may take what they do on a line of 2 kB/s with seconds each way.
 */
const LIMITS = {
  headersTimeout: 30_000,
  requestTimeout: longestMs(LARGEST_BODY_BYTES),
  keepAliveTimeout: 30_000,
  maxHeaderSize: 16 * 1024,
};
const TLS = { minVersion: 'TLSv1.2', handshakeTimeout: 30_000 } as const;

/** A server that does not listen yet. With a certificate it speaks TLS only. */
export interface HttpServer extends Disposable {
  readonly server: Server;
  /** Gives the address under which it is reached from this machine. Rejects with {@link OperatorError}. */
  listen(host: string, port: number): Promise<string>;
  /**
   * Takes no connection any more. Resolves when all requests that are running were answered, or after `withinMs`, when
   * those that are left are ended.
   */
  finish(withinMs: number): Promise<void>;
  /** Ends the server and its connections. */
  dispose(): void;
}

/** Does not dispose the certificate. */
export function createHttpServer(handler: RequestListener, certificate?: TlsCertificate): HttpServer {
  const running = new RunningRequests();
  const listener: RequestListener = (request, response) => {
    running.add(response);
    handler(request, response);
  };
  const server = certificate ? createSecureServer(listener, certificate) : createServer(LIMITS, listener);
  const owner = toDisposable(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    server,
    listen: (host, port) => listen(server, certificate ? 'https' : 'http', host, port),
    async finish(withinMs) {
      server.close();
      server.closeIdleConnections();
      await running.finish(withinMs);
      server.closeAllConnections();
    },
    dispose: () => owner.dispose(),
  };
}

/** The requests of one server that were not answered yet. */
class RunningRequests {
  private readonly responses = new Set<ServerResponse>();
  private isFinishing = false;
  private noteIdle: () => void = () => {};

  add(response: ServerResponse): void {
    this.responses.add(response);
    // Its connection must not bring another one.
    if (this.isFinishing) response.shouldKeepAlive = false;
    response.once('close', () => {
      this.responses.delete(response);
      if (this.responses.size === 0) this.noteIdle();
    });
  }

  /** Resolves when there is none, or after `withinMs`. */
  async finish(withinMs: number): Promise<void> {
    this.isFinishing = true;
    for (const response of this.responses) response.shouldKeepAlive = false;
    if (this.responses.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.noteIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function createSecureServer(handler: RequestListener, certificate: TlsCertificate): Server {
  const server = createTlsServer({ ...LIMITS, ...TLS, ...certificate.pair }, handler);
  // Connections that are there keep the certificate that they began with.
  certificate.watch((pair) => server.setSecureContext({ ...TLS, ...pair }));
  return server;
}

function listen(server: Server, scheme: string, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(explainListenError(error, host, port)));
    server.listen({ host, port }, () => {
      // Always an AddressInfo for a TCP server.
      const { port: actualPort, family, address } = server.address() as AddressInfo;
      resolve(`${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${actualPort}`);
    });
  });
}

function explainListenError(error: Error, host: string, port: number): OperatorError {
  const code = 'code' in error ? error.code : undefined;
  const cause = { cause: error };
  if (code === 'EADDRINUSE') {
    return new OperatorError(
      `The port ${port} on ${host} is in use. End the program that uses it, or choose another with --port.`,
      cause,
    );
  }
  if (code === 'EACCES')
    return new OperatorError(`The port ${port} may not be used without more rights. Choose one from 1024.`, cause);
  return new OperatorError(`The relay cannot listen at ${host}:${port} (${error.message}). Check --host.`, cause);
}
