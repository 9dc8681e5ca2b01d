import { onTestFinished } from 'vitest';
import type * as Y from 'yjs';
import { relayMessageCodec } from '../../shared/protocol/index.ts';
import { AttachedSession, AttachmentHost } from '../../shared/sync/attachment/index.ts';
import { type AgreementState, type DocumentLease, RoomSession } from '../../shared/sync/index.ts';
import { createAttachmentPair } from '../../shared/testing/attachment-pair.ts';
import { MemoryDisk, MemoryOfflineStore } from '../../shared/testing/memory-offline-store.ts';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { SocketPair } from '../../shared/testing/socket-pair.ts';
import { RelayUnderTest, toServerSocket } from './relay-under-test.ts';

/** Somebody with an engine that has the document `file` open, on a relay in this process. */
export interface Person {
  readonly session: RoomSession;
  readonly lease: DocumentLease;
  readonly disk: MemoryDisk;
  /** The text of `file` as the engine has it. */
  readonly text: Y.Text;
  readonly agreement: AgreementState;
  /** Opens a window on the engine. */
  openWindow(): AttachedSession;
  /** The connection ends. */
  cut(): void;
  /** The next update of a document that the relay sends is lost on its way. */
  swallowNext(): void;
}

/** People on one relay, and time that passes in small steps with everything delivered. */
export function gatherPeople() {
  const relay = new RelayUnderTest();
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 250) await relay.advance(250);
  };
  const join = async (name: string, role = 'editor'): Promise<Person> => {
    let isSwallowing = false;
    let latest: SocketPair | undefined;
    const disk = new MemoryDisk();
    const session = new RoomSession({
      syncUrl: 'ws://relay.test/sync/room',
      tokenSource: {
        obtain: async () => ({ kind: 'granted', granted: { token: `${name}.${role}`, expiresAtMs: 10 ** 12 } }),
      },
      store: new MemoryOfflineStore(disk),
      connect: (_url, events) => {
        const pair = new SocketPair({
          ...events,
          onMessage: (frame) => {
            if (isSwallowing && frame && relayMessageCodec.decode(frame).type === 'update') isSwallowing = false;
            else events.onMessage(frame);
          },
        });
        latest = pair;
        relay.adopt(pair);
        relay.core.accept(toServerSocket(pair.relay), 'room');
        return pair.client;
      },
      scheduler: relay.scheduler,
      random: createSeededRandom(name.length).next,
      client: 'test',
      sessionId: `session-of-${name.padEnd(12, '0')}`,
    });
    onTestFinished(() => session.leave());
    const host = new AttachmentHost(session);
    onTestFinished(() => host.dispose());
    const lease = session.open('file');
    onTestFinished(() => lease.dispose());
    await pass(2_000);
    return {
      session,
      lease,
      disk,
      get text() {
        return lease.replica.doc.getText('content');
      },
      get agreement() {
        return lease.replica.agreement.state;
      },
      openWindow() {
        const ports = createAttachmentPair();
        host.attach(ports.engine);
        const window = new AttachedSession(relay.scheduler);
        window.attach(ports.window);
        onTestFinished(() => window.dispose());
        return window;
      },
      cut: () => latest?.cut(),
      swallowNext: () => {
        isSwallowing = true;
      },
    };
  };
  return { relay, join, pass };
}

/** Presence ids. */
export function idsOf(...people: readonly Person[]): readonly number[] {
  return people.map(({ session }) => session.self?.presenceId ?? -1);
}

/** Somebody looks at the document there; notes what is said of it. */
export function watchCopy(person: Person, seen = new Set<string>()): void {
  const { agreement } = person.lease.replica;
  const owned = [agreement.watch(), agreement.onDidChange(() => seen.add(agreement.state.kind))];
  onTestFinished(() => owned.forEach((one) => one.dispose()));
}
