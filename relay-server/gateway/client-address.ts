import type { IncomingMessage } from 'node:http';
import { type BlockList, isIP } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Who has sent a request, as far as the network tells. */
export interface RequestSource {
  /** An IP address in its usual form; empty when the socket is gone already. */
  readonly address: string;
  /** Whether it came encrypted to this relay, or to a proxy that is trusted. */
  readonly isSecure: boolean;
}

export interface RequestSourcesOptions {
  /** Addresses of proxies whose word counts. */
  readonly trustedProxies: BlockList;
  /** Somebody else said that a request is forwarded. Called once. */
  readonly onUntrustedProxy?: (address: string) => void;
}

interface Hop {
  readonly address: string | undefined;
  readonly isSecure: boolean | undefined;
}

const MAX_HOPS = 32;

/** Tells where requests come from: what proxies say counts only when they are trusted. */
export class RequestSources {
  private readonly options: RequestSourcesOptions;
  private hasWarned = false;

  constructor(options: RequestSourcesOptions) {
    this.options = options;
  }

  of(request: IncomingMessage): RequestSource {
    const peer = normalizeAddress(request.socket.remoteAddress ?? '') ?? '';
    const own: RequestSource = { address: peer, isSecure: request.socket instanceof TLSSocket };
    const hops = readHops(request);
    if (hops.length === 0) return own;
    if (!this.isTrusted(peer)) {
      this.warn(peer);
      return own;
    }
    return this.follow(own, hops);
  }

  /** From the nearest proxy on: the first address that is no trusted proxy is the client's. */
  private follow(own: RequestSource, hops: readonly Hop[]): RequestSource {
    let { address, isSecure } = own;
    for (const hop of hops.toReversed()) {
      // Whoever wrote this entry is trusted; what cannot be read hides what is beyond it.
      if (hop.address === undefined) break;
      ({ address } = hop);
      isSecure = hop.isSecure ?? isSecure;
      if (!this.isTrusted(address)) break;
    }
    return { address, isSecure };
  }

  private isTrusted(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.options.trustedProxies.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }

  private warn(peer: string): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    this.options.onUntrustedProxy?.(peer);
  }
}

/** The usual form of an IP address, an IPv4 address in IPv6 being an IPv4 one. Undefined for what is none. */
export function normalizeAddress(text: string): string | undefined {
  const plain = text.replace(/%.*$/, '');
  const family = isIP(plain);
  if (family === 0) return undefined;
  if (family === 4) return plain;
  const canonical = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical) ?? [];
  if (high === undefined || low === undefined) return canonical;
  const bits = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
}

/** The hops of a request, the client first. When its headers contradict each other, nobody knows where it is from. */
function readHops({ headers }: IncomingMessage): readonly Hop[] {
  const usual = readForwardedFor(headers['x-forwarded-for'], headers['x-forwarded-proto']);
  const standard = readForwarded(headers['forwarded']);
  if (usual.length === 0 || standard.length === 0) return usual.length > 0 ? usual : standard;
  const isSame = usual.every(({ address }, index) => address === standard[index]?.address);
  return isSame && usual.length === standard.length ? usual : [{ address: undefined, isSecure: undefined }];
}

function readForwardedFor(value: string | string[] | undefined, proto: string | string[] | undefined): readonly Hop[] {
  if (value === undefined) return [];
  const addresses = split(String(value), ',').slice(-MAX_HOPS);
  const protocols = split(String(proto ?? ''), ',').slice(-MAX_HOPS);
  return addresses.map((text, index) => ({
    address: addressOfNode(text),
    // Most proxies write down one protocol and no list.
    isSecure: readProtocol(protocols.length === addresses.length ? protocols[index] : protocols.at(-1)),
  }));
}

/** RFC 7239. */
function readForwarded(value: string | string[] | undefined): readonly Hop[] {
  if (value === undefined) return [];
  return split(String(value), ',')
    .slice(-MAX_HOPS)
    .map((element) => {
      const pairs = split(element, ';').map((pair) => /^([\w-]+)=(?:"([^"\\]*)"|([^\s"]*))$/.exec(pair) ?? []);
      const valueOf = (name: string) => {
        const [, , quoted, plain] = pairs.find(([, key]) => key?.toLowerCase() === name) ?? [];
        return quoted ?? plain;
      };
      return { address: addressOfNode(valueOf('for') ?? ''), isSecure: readProtocol(valueOf('proto')) };
    });
}

/** An address, perhaps with a port. Names such as `unknown` stand for none. */
function addressOfNode(text: string): string | undefined {
  const [, inBrackets, plain] = /^(?:\[([^\]]{1,64})\](?::\d{1,5})?|([^\s[\]]{1,64}))$/.exec(text) ?? [];
  if (inBrackets !== undefined) return normalizeAddress(inBrackets);
  if (plain === undefined) return undefined;
  return normalizeAddress(plain) ?? normalizeAddress(plain.replace(/:\d{1,5}$/, ''));
}

function readProtocol(text: string | undefined): boolean | undefined {
  const protocol = text?.toLowerCase();
  return protocol === 'https' || protocol === 'wss'
    ? true
    : protocol === 'http' || protocol === 'ws'
      ? false
      : undefined;
}

function split(text: string, separator: string): readonly string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
