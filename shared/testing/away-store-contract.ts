import { describe, expect, it } from 'vitest';
import type { AwayStore } from '../sync/away/away-store.ts';
import type { StoreSite } from './offline-store-contract.ts';

/** What every store must do with what happened while a device was away. */
export function describeAwayStore(name: string, createSite: () => StoreSite): void {
  describe(`${name}, as a store of absences`, () => {
    it('brings back across starts what was written, by kind and name, without the bodies in its list', async () => {
      const site = createSite();
      const { away, close } = await open(site);
      await away.write('change', { name: 'b', summary: '{"b":1}', body: 'long' });
      await away.write('change', { name: 'a', summary: '', body: 'Zoë 😀\n\u0000' });
      await away.write('draft', { name: 'a', summary: 'other', body: '' });
      await close();
      const second = await open(site);
      expect(await second.away.list('change')).toEqual([
        { name: 'a', summary: '' },
        { name: 'b', summary: '{"b":1}' },
      ]);
      expect(await second.away.read('change', 'a')).toEqual({ name: 'a', summary: '', body: 'Zoë 😀\n\u0000' });
      expect(await second.away.read('draft', 'a')).toMatchObject({ summary: 'other' });
      expect(await second.away.read('note', 'a')).toBeUndefined();
      expect(await second.away.list('note')).toEqual([]);
    });

    it('replaces and removes', async () => {
      const { away } = await open(createSite());
      await away.write('note', { name: 'left', summary: '1', body: '' });
      await away.write('note', { name: 'left', summary: '2', body: 'x' });
      expect(await away.list('note')).toEqual([{ name: 'left', summary: '2' }]);
      await away.remove('note', 'left');
      await away.remove('note', 'never there');
      expect(await away.list('note')).toEqual([]);
    });

    it('takes calls in their order although nobody waits', async () => {
      const site = createSite();
      const { away, close } = await open(site);
      const writes: Promise<void>[] = [];
      for (let count = 0; count < 20; count++) {
        writes.push(away.write('draft', { name: 'a', summary: String(count), body: 'x'.repeat(1000) }));
        if (count % 3 === 0) writes.push(away.remove('draft', 'a'));
      }
      await Promise.all(writes);
      await close();
      expect(await (await open(site)).away.list('draft')).toEqual([{ name: 'a', summary: '19' }]);
    });

    it('is no document, and tells how far the documents are', async () => {
      const site = createSite();
      const store = await site.open();
      await store.away.write('draft', { name: 'file', summary: 's', body: 'b' });
      expect(await store.listDocuments()).toEqual([]);
      expect(await store.listUnacked()).toEqual([]);
      expect(await store.listCursors()).toEqual(new Map());
    });
  });
}

async function open(site: StoreSite): Promise<{ readonly away: AwayStore; close(): Promise<void> }> {
  const store = await site.open();
  return { away: store.away, close: () => store.close() };
}
