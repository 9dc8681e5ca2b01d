import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import type { DocumentLease } from '../../shared/sync/index.ts';
import {
  decodePresenceState,
  decodeSelections,
  encodePresenceState,
  encodeSelections,
} from '../../shared/workspace/index.ts';
import { startEngine } from '../testing/engine-on-relay.ts';
import { startRelay, tokenFor } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { parseSelection } from './relative-position-json.ts';
import { startStockClient, type StockClient } from '../testing/stock-provider.ts';

const ROOM = 'r';
const DOCUMENT = 'notes';
const LONG_MS = 20_000;

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: LONG_MS, interval: 20 });
}

/** The refusals that stock clients print meanwhile. */
function collectWarnings(): string[] {
  const warnings: string[] = [];
  const spy = vi.spyOn(console, 'warn').mockImplementation((text: unknown) => void warnings.push(String(text)));
  onTestFinished(() => spy.mockRestore());
  return warnings;
}

async function startRoom() {
  const data = temporaryFolder();
  const relay = await startRelay('--data', data);
  const stock = async (name: string, role = 'editor', doc?: Y.Doc, url = relay.url): Promise<StockClient> =>
    startStockClient({
      relayUrl: url,
      room: ROOM,
      document: DOCUMENT,
      token: await tokenFor(data, ROOM, role, '--name', name, '--subject', name.toLowerCase()),
      ...(doc === undefined ? {} : { doc }),
    });
  return { data, relay, stock };
}

function openIn(lease: DocumentLease): Y.Text {
  onTestFinished(() => lease.dispose());
  return lease.replica.doc.getText('content');
}

/** The states of others. */
function statesSeenBy({ provider, doc }: StockClient): Map<number, Record<string, unknown>> {
  const states = new Map<number, Record<string, unknown>>(provider.awareness.getStates());
  states.delete(doc.clientID);
  return states;
}

function nameIn(state: Record<string, unknown>): unknown {
  const { user } = state;
  return typeof user === 'object' && user && 'name' in user ? user.name : undefined;
}

const namesSeenBy = (client: StockClient) => new Set([...statesSeenBy(client).values()].map(nameIn));

type Selection = { readonly anchor: Y.RelativePosition; readonly head: Y.RelativePosition };

function offsetsOf(selection: Selection | undefined, doc: Y.Doc): readonly (number | undefined)[] {
  const ends = selection ? [selection.anchor, selection.head] : [];
  return ends.map((end) => Y.createAbsolutePositionFromRelativePosition(end, doc)?.index);
}

describe('the stock y-websocket provider', () => {
  it('converges with another one and with a Tutti engine, also after typing offline', async () => {
    const { data, relay, stock } = await startRoom();
    const ada = await stock('Ada');
    const ben = await stock('Ben');
    const session = startEngine(relay.url, ROOM, await tokenFor(data, ROOM, 'editor', '--name', 'Cleo'));
    const cleo = openIn(session.open(DOCUMENT));
    ada.text.insert(0, 'ada ');
    await eventually(() => expect([ben.text.toJSON(), cleo.toJSON()]).toEqual(['ada ', 'ada ']));
    cleo.insert(4, 'cleo ');
    ben.text.insert(0, 'ben ');
    await eventually(() => {
      for (const text of [ada.text, ben.text, cleo]) expect(text.toJSON()).toBe('ben ada cleo ');
    });
    ben.provider.disconnect();
    ben.text.insert(0, '[offline]');
    ben.text.delete(9, 4);
    ada.text.insert(ada.text.length, 'x'.repeat(300_000));
    await eventually(() => expect(cleo.length).toBe(13 + 300_000));
    ben.provider.connect();
    await eventually(() => {
      for (const text of [ada.text, ben.text, cleo])
        expect(text.toJSON()).toBe(`[offline]ada cleo ${'x'.repeat(300_000)}`);
    });
  });

  it('comes back by itself after a restart of the relay, and sends what it typed meanwhile', async () => {
    const { data, relay, stock } = await startRoom();
    const ada = await stock('Ada');
    const ben = await stock('Ben');
    ada.text.insert(0, 'before ');
    await eventually(() => expect(ben.text.toJSON()).toBe('before '));
    await relay.end('SIGKILL');
    await eventually(() => expect(ada.provider.wsconnected || ben.provider.wsconnected).toBe(false));
    ada.text.insert(0, '[ada]');
    ben.text.insert(ben.text.length, '[ben]');
    await startRelay('--data', data, '--port', new URL(relay.url).port);
    await eventually(() => {
      for (const { text } of [ada, ben]) expect(text.toJSON()).toBe('[ada]before [ben]');
    });
    const late = await stock('Late');
    await eventually(() => expect(late.text.toJSON()).toBe('[ada]before [ben]'));
  });

  it('cannot write as a viewer, and is told so', async () => {
    const warnings = collectWarnings();
    const { stock } = await startRoom();
    const ada = await stock('Ada');
    ada.text.insert(0, 'shared');
    const viewer = await stock('Vera', 'viewer');
    await eventually(() => expect(viewer.text.toJSON()).toBe('shared'));
    viewer.text.insert(0, 'graffiti ');
    await eventually(() => expect(warnings.join()).toContain('Your role may read this document, not change it.'));
    ada.text.insert(6, '!');
    await eventually(() => expect(viewer.text.toJSON()).toBe('graffiti shared!'));
    const late = await stock('Late');
    await eventually(() => expect(late.text.toJSON()).toBe('shared!'));
    expect(ada.text.toJSON()).toBe('shared!');
  });

  it('makes no document as a viewer and gives up, but finds one that a writer has opened', async () => {
    const warnings = collectWarnings();
    const { stock } = await startRoom();
    const viewer = await stock('Vera', 'viewer');
    expect(await viewer.closed).toEqual({
      code: 4404,
      reason: `The document ${DOCUMENT} does not exist, and your role may not make it.`,
    });
    expect(warnings).toHaveLength(1);
    const ada = await stock('Ada');
    await eventually(() => expect(ada.provider.synced).toBe(true));
    viewer.provider.connect();
    await eventually(() => expect(viewer.provider.synced).toBe(true));
  });

  it('gives up with what is too large, and says so, instead of sending it again and again', async () => {
    const { stock } = await startRoom();
    const ada = await stock('Ada');
    await eventually(() => expect(ada.provider.synced).toBe(true));
    ada.text.insert(0, 'x'.repeat(20_000_000));
    expect(await ada.closed).toEqual({ code: 4413, reason: 'The message is too large.' });
    expect(ada.provider.shouldConnect).toBe(false);
  });

  it.each([
    ['a forged token', (token: string) => `${token.slice(0, -8)}AAAAAAAA`, 4401],
    ['no token', () => '', 4401],
  ] as const)('gives up with %s', async (_what, alter, code) => {
    collectWarnings();
    const { data, relay } = await startRoom();
    const token = alter(await tokenFor(data, ROOM));
    const { closed, provider } = startStockClient({ relayUrl: relay.url, room: ROOM, document: DOCUMENT, token });
    expect((await closed).code).toBe(code);
    expect(provider.shouldConnect).toBe(false);
  });

  it('gives up when its token expires', async () => {
    collectWarnings();
    const { data, relay } = await startRoom();
    const token = await tokenFor(data, ROOM, 'editor', '--ttl', '3s');
    const client = startStockClient({ relayUrl: relay.url, room: ROOM, document: DOCUMENT, token });
    await eventually(() => expect(client.provider.synced).toBe(true));
    expect(await client.closed).toMatchObject({
      code: 4401,
      reason: 'The token has expired. Connect again with a fresh one.',
    });
  });

  it('shows others under the name of their token, and cannot speak for them', async () => {
    const warnings = collectWarnings();
    const { stock } = await startRoom();
    const ada = await stock('Ada');
    const ben = await stock('Ben');
    const cleo = await stock('Cleo');
    ada.provider.awareness.setLocalStateField('user', { name: 'Cleo, honestly', color: '#ff0000' });
    await eventually(() => {
      expect(namesSeenBy(ben)).toEqual(new Set(['Ada', 'Cleo']));
      expect(statesSeenBy(ben).get(ada.doc.clientID)).toMatchObject({ user: { color: '#ff0000' } });
      expect(namesSeenBy(ada)).toEqual(new Set(['Ben', 'Cleo']));
    });
    const spoof = encoding.createEncoder();
    encoding.writeVarUint(spoof, 1);
    const meta = ben.provider.awareness.meta.get(ada.doc.clientID);
    if (meta) meta.clock += 100;
    encoding.writeVarUint8Array(
      spoof,
      encodeAwarenessUpdate(
        ben.provider.awareness,
        [ada.doc.clientID],
        new Map([[ada.doc.clientID, { user: { name: 'Gone' } }]]),
      ),
    );
    ben.provider.ws?.send(encoding.toUint8Array(spoof));
    await eventually(() => expect(warnings.join()).toContain('Only the awareness of your own client id'));
    ada.provider.awareness.setLocalStateField('note', 'still here');
    await eventually(() => {
      expect(cleo.provider.awareness.getStates().get(ada.doc.clientID)).toMatchObject({
        user: { name: 'Ada' },
        note: 'still here',
      });
    });
    ada.provider.disconnect();
    await eventually(() => expect(namesSeenBy(cleo)).toEqual(new Set(['Ben'])));
  });

  it('sees the people in Tutti windows, and they see it, with their cursors', async () => {
    const { data, relay, stock } = await startRoom();
    const ada = await stock('Ada');
    const session = startEngine(relay.url, ROOM, await tokenFor(data, ROOM, 'viewer', '--name', 'Tess'));
    ada.text.insert(0, 'hello world');
    const tess = openIn(session.open(DOCUMENT));
    await eventually(() => expect(tess.toJSON()).toBe('hello world'));
    const at = (text: Y.Text, index: number) => Y.createRelativePositionFromTypeIndex(text, index);
    ada.provider.awareness.setLocalStateField('selection', { anchor: at(ada.text, 2), head: at(ada.text, 5) });
    await eventually(() => {
      const shown = [...session.participants.values()].map(({ name, state }) => {
        const decoded = state && decodePresenceState(state);
        const first = decodeSelections(decoded?.selections ?? new Uint8Array(0))[0];
        return { name, fileId: decoded?.fileId, selection: tess.doc && offsetsOf(first, tess.doc) };
      });
      expect(shown).toEqual([{ name: 'Ada', fileId: DOCUMENT, selection: [2, 5] }]);
    });
    const selections = encodeSelections([{ anchor: at(tess, 11), head: at(tess, 6) }]);
    session.setPresence(encodePresenceState({ fileId: DOCUMENT, selections }));
    await eventually(() => {
      const [state] = statesSeenBy(ada).values();
      expect(nameIn(state ?? {})).toBe('Tess');
      expect(offsetsOf(parseSelection(state?.['selection']), ada.doc)).toEqual([11, 6]);
    });
    session.setPresence(encodePresenceState({ fileId: 'other', selections }));
    await eventually(() => expect(namesSeenBy(ada)).toEqual(new Set()));
  });
});
