import { toBase64 } from 'lib0/buffer';
import type { JsonAnswer, PostJson } from './link-token-source.ts';
import { mergeUpdates } from './merge-updates.ts';
import type { UnsentDocument } from './unsent-texts.ts';

/** Remembers across starts what was sent, so that owners do not see it twice. */
export interface ProposalLedger {
  has(key: string): boolean;
  add(key: string): void;
}

export interface ProposalDeliveryOptions {
  /** Origin and base path of the relay, without a trailing slash. */
  readonly relayUrl: string;
  readonly room: string;
  readonly postJson: PostJson;
  /** The last token that the relay gave, however old. */
  readonly lastToken: () => string | undefined;
  readonly readUnsent: () => Promise<readonly UnsentDocument[]>;
  readonly ledger: ProposalLedger;
}

/** What became of edits that had not reached the relay when self was put out of the room. */
export interface ProposalReport {
  /** Documents whose edits the relay keeps for the owners, also those that were sent before. */
  readonly proposed: number;
  /** Documents whose edits are on this device only. */
  readonly kept: number;
  /** Why some are, in the relay's words; empty when none are. */
  readonly explanation: string;
}

interface Refusal {
  readonly explanation: string;
  /** The relay takes no more for now. */
  readonly isFull: boolean;
}

const TOO_MANY_STATUS = 429;
const UNKNOWN_PERSON =
  'This device has no token of the room any more, so that the relay cannot know whose edits they are.';

/** Hands edits of somebody whose access was taken back over to the owners of the room, who decide what becomes of them. */
export class ProposalDelivery {
  private readonly options: ProposalDeliveryOptions;
  private running: Promise<ProposalReport> | undefined;

  constructor(options: ProposalDeliveryOptions) {
    this.options = options;
  }

  /** Sends what was not sent yet. Rejects with OfflineStoreError when this device cannot read its own edits. */
  deliver(): Promise<ProposalReport> {
    this.running ??= this.sendAll().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async sendAll(): Promise<ProposalReport> {
    let proposed = 0;
    let explanation = '';
    const documents = await this.options.readUnsent();
    let isFull = false;
    for (const { document, unacked } of documents) {
      const update = mergeUpdates(unacked);
      const key = `${document}:${update.byteLength}:${checksum(update)}`;
      const isKnown = this.options.ledger.has(key);
      // Whoever goes on asking then is taken for an attacker, with everybody of their network.
      if (isFull && !isKnown) continue;
      const refusal = isKnown ? undefined : await this.send(document, update);
      if (refusal === undefined) {
        this.options.ledger.add(key);
        proposed++;
      } else {
        ({ explanation } = refusal);
        isFull = refusal.isFull;
      }
    }
    return { proposed, kept: documents.length - proposed, explanation };
  }

  /** Undefined when the relay keeps it, else why not. */
  private async send(document: string, update: Uint8Array): Promise<Refusal | undefined> {
    const { relayUrl, room, postJson, lastToken } = this.options;
    const token = lastToken();
    if (token === undefined) return { explanation: UNKNOWN_PERSON, isFull: false };
    const url = `${relayUrl}/api/rooms/${encodeURIComponent(room)}/proposals`;
    let answer: JsonAnswer;
    try {
      answer = await postJson(url, { token, document, update: toBase64(update) });
    } catch {
      return { explanation: `The relay at ${relayUrl} cannot be reached.`, isFull: false };
    }
    if (answer.status >= 200 && answer.status <= 299) return undefined;
    const { body } = answer;
    const said: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'explanation') : undefined;
    const explanation =
      typeof said === 'string' ? said.slice(0, 1024) : `The relay answered with HTTP status ${answer.status}.`;
    return { explanation, isFull: answer.status === TOO_MANY_STATUS };
  }
}

/** FNV-1a: tells updates apart, and nothing hangs on it but a second sending. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
