import type { AwayStore } from './away-store.ts';
import { TextLayers } from './text-layers.ts';

/** Texts that could not be written are held in memory up to so many UTF-16 units. */
const MAX_HELD_LENGTH = 16 * 1024 * 1024;

export interface LedgerTextsOptions {
  readonly store: AwayStore;
  /** Is given what is on its way to the store. */
  readonly onWrite: (writing: Promise<void>) => void;
}

/** The texts of changes, which are in the store only, but for those that are on their way there. */
export class LedgerTexts {
  private readonly options: LedgerTextsOptions;
  /** Not in the store: not yet, or it fails. */
  private readonly held = new Map<string, string>();
  private heldLength = 0;

  constructor(options: LedgerTextsOptions) {
    this.options = options;
  }

  /** Undefined when they are not kept. Rejects with OfflineStoreError. */
  async read(fileId: string): Promise<TextLayers | undefined> {
    const body = this.held.get(fileId) ?? (await this.options.store.read('texts', fileId))?.body;
    return body === undefined ? undefined : TextLayers.decode(body);
  }

  write(fileId: string, layers: TextLayers): void {
    const { store, onWrite } = this.options;
    const body = layers.encode();
    this.release(fileId);
    if (this.heldLength + body.length <= MAX_HELD_LENGTH) {
      this.held.set(fileId, body);
      this.heldLength += body.length;
    }
    const written = store.write('texts', { name: fileId, summary: '', body }).then(() => {
      if (this.held.get(fileId) === body) this.release(fileId);
    });
    onWrite(written);
  }

  remove(fileId: string): void {
    this.release(fileId);
    this.options.onWrite(this.options.store.remove('texts', fileId));
  }

  private release(fileId: string): void {
    this.heldLength -= this.held.get(fileId)?.length ?? 0;
    this.held.delete(fileId);
  }
}
