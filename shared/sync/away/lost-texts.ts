import * as Y from 'yjs';
import { shownBy } from '../../workspace/index.ts';
import { StructMap } from './struct-map.ts';

interface LostText {
  readonly clock: number;
  readonly text: string;
}

/** What structs had as text that were deleted: Yjs forgets it. */
export class LostTexts {
  private readonly texts = new StructMap<LostText>();
  private count = 0;

  /** In UTF-16 units. */
  get length(): number {
    return this.count;
  }

  /** To be called before Yjs forgets what a transaction deletes. Of those structs that are `wanted`, by their first. */
  add(transaction: Y.Transaction, wanted: (client: number, clock: number) => boolean): void {
    Y.iterateDeletedStructs(transaction, transaction.deleteSet, (struct) => {
      if (!(struct instanceof Y.Item) || !struct.countable) return;
      const { client, clock } = struct.id;
      if (!wanted(client, clock)) return;
      this.put({ client, clock, text: shownBy(struct) });
    });
  }

  put({ client, clock, text }: { readonly client: number; readonly clock: number; readonly text: string }): void {
    this.texts.add(client, clock, clock + text.length, { clock, text });
    this.count += text.length;
  }

  /** What was there from this clock on, and until where that is known. */
  at(client: number, clock: number): { readonly text: string | undefined; readonly until: number } {
    const { value, until } = this.texts.at(client, clock);
    return { text: value?.text.slice(clock - value.clock, until - value.clock), until };
  }

  /** What these structs had as text; undefined when that is not known of all. */
  read(client: number, clock: number, length: number): string | undefined {
    let text = '';
    while (text.length < length) {
      const next = this.at(client, clock + text.length).text;
      if (next === undefined) return undefined;
      text += next.slice(0, length - text.length);
    }
    return text;
  }
}
