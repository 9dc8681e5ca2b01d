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
  /** Nobody is known to have put self out: the edits arrive once self is in the room again, by whatever link. */
  readonly mayReturn: boolean;
}

interface Refusal {
  readonly explanation: string;
  readonly mayReturn: boolean;
  /** The relay takes no more for now. */
  readonly isFull: boolean;
}

const TOO_MANY_STATUS = 429;
/** Nobody is known to have put out whoever sends it. */
const NOT_PUT_OUT: readonly unknown[] = ['proposal-not-revoked', 'proposal-unauthenticated'];
const DROPPED = 'The owners of the room have dropped them.';
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
    let mayReturn = false;
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
        ({ explanation, mayReturn } = refusal);
        isFull = refusal.isFull;
      }
    }
    return { proposed, kept: documents.length - proposed, explanation, mayReturn };
  }

  /** Undefined when the relay keeps it, else why not. */
  private async send(document: string, update: Uint8Array): Promise<Refusal | undefined> {
    const { relayUrl, room, postJson, lastToken } = this.options;
    const token = lastToken();
    if (token === undefined) return { ...failed(UNKNOWN_PERSON), mayReturn: true };
    const url = `${relayUrl}/api/rooms/${encodeURIComponent(room)}/proposals`;
    let answer: JsonAnswer;
    try {
      answer = await postJson(url, { token, document, update: toBase64(update) });
    } catch {
      return failed(`The relay at ${relayUrl} cannot be reached.`);
    }
    const { body } = answer;
    if (answer.status >= 200 && answer.status <= 299)
      return readField(body, 'state') === 'dropped' ? failed(DROPPED) : undefined;
    const said = readField(body, 'explanation');
    const explanation =
      typeof said === 'string' ? said.slice(0, 1024) : `The relay answered with HTTP status ${answer.status}.`;
    const mayReturn = NOT_PUT_OUT.includes(readField(body, 'error'));
    return { explanation, mayReturn, isFull: answer.status === TOO_MANY_STATUS };
  }
}

function failed(explanation: string): Refusal {
  return { explanation, mayReturn: false, isFull: false };
}

function readField(body: unknown, key: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, key) : undefined;
}

/** FNV-1a: tells updates apart, and nothing hangs on it but a second sending. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** What became of edits that had not reached the relay, for the person; empty when there are none. */
export function describeProposals({ proposed, kept, explanation, mayReturn }: ProposalReport): string {
  const sent = `Your edits of ${count(proposed)} had not reached the room. They were sent to its owners as a proposal.`;
  const next = mayReturn
    ? 'Join again with another link that lets you edit, and they arrive by themselves.'
    : explanation;
  const left = `Your edits of ${count(kept)} are on this device only. ${next}`;
  return [...(proposed > 0 ? [sent] : []), ...(kept > 0 ? [left] : [])].join(' ');
}

function count(documents: number): string {
  return documents === 1 ? 'one file' : `${documents} files`;
}
