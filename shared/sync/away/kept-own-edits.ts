import type { DocumentLease } from '../open-documents.ts';
import type { AwayStore } from './away-store.ts';

const PREFIX = 'own/';
/** Of more documents nothing is kept. */
const MAX_DOCUMENTS = 200;
/** Of these, so many are kept open. */
const MAX_OPEN = 50;

export interface KeptOwnEditsOptions {
  readonly store: AwayStore;
  readonly open: (document: string) => DocumentLease;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Keeps what self wrote while out of touch, by document, across starts, and the documents open: only then what others
 * bring is known to be theirs.
 */
export class KeptOwnEdits {
  private readonly options: KeptOwnEditsOptions;
  private readonly names = new Set<string>();
  private readonly leases = new Map<string, DocumentLease>();
  private isClosed = false;

  constructor(options: KeptOwnEditsOptions) {
    this.options = options;
  }

  /** Learns what earlier starts kept. Rejects as the store does. */
  async load(): Promise<void> {
    for (const { name } of await this.options.store.list('note'))
      if (name.startsWith(PREFIX)) this.names.add(name.slice(PREFIX.length));
  }

  /** Opens the documents that were kept last. */
  open(): void {
    for (const name of [...this.names].slice(-MAX_OPEN)) this.hold(name);
  }

  /** Never rejects. */
  async read(document: string): Promise<string | undefined> {
    if (!this.names.has(document)) return undefined;
    try {
      return (await this.options.store.read('note', PREFIX + document))?.body;
    } catch (error) {
      this.options.onFailure(error);
      return undefined;
    }
  }

  /** Rejects as the store does. */
  async keep(document: string, encoded: string | undefined): Promise<void> {
    const name = PREFIX + document;
    if (encoded === undefined) {
      if (this.names.delete(document)) await this.options.store.remove('note', name);
      this.release(document);
    } else if (this.names.has(document) || this.names.size < MAX_DOCUMENTS) {
      this.names.add(document);
      await this.options.store.write('note', { name, summary: '', body: encoded });
      this.hold(document);
    }
  }

  /** Gives the documents back. */
  close(): void {
    this.isClosed = true;
    for (const name of [...this.leases.keys()]) this.release(name);
  }

  private hold(document: string): void {
    if (this.isClosed || this.leases.has(document)) return;
    const [oldest] = this.leases.keys();
    if (oldest !== undefined && this.leases.size >= MAX_OPEN) this.release(oldest);
    this.leases.set(document, this.options.open(document));
  }

  private release(document: string): void {
    this.leases.get(document)?.dispose();
    this.leases.delete(document);
  }
}
