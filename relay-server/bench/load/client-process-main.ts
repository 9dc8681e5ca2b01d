import { setTimeout as pause } from 'node:timers/promises';
import { errorMessage } from '../../../shared/lifecycle/index.ts';
import { type BenchClient, HEARTBEAT_INTERVAL_MS } from './bench-client.ts';
import type { Arrivals, ClientProcessReply, ClientProcessRequest, Person } from './client-process-messages.ts';
import { connectClient } from './connect-client.ts';
import { decodeRanges } from './delivery-meter.ts';
import { monotonicMs } from './monotonic-clock.ts';
import { typedUpdates } from './typing.ts';

// Clients in a process of their own, so that what one of them reads does not keep others from noticing what they get.

type Request<K extends ClientProcessRequest['kind']> = Extract<ClientProcessRequest, { kind: K }>;

const MAX_EDITS = 1_000;

const arrivals: Arrivals = { authors: [], edits: [], atMs: [] };
const sentAtMs = new Map<number, number[]>();
const clients = new Map<number, BenchClient>();
const finish = new AbortController();

function say(reply: ClientProcessReply): void {
  process.send?.(reply);
}

function noteArrival(self: number, update: Uint8Array): void {
  const atMs = monotonicMs();
  for (const { author, start, end } of decodeRanges(update)) {
    if (author === self) continue;
    for (let edit = start; edit < end; edit++) {
      arrivals.authors.push(author);
      arrivals.edits.push(edit);
      arrivals.atMs.push(atMs);
    }
  }
}

async function join({ server, port, people, ignoresBeyondBytes }: Request<'join'>): Promise<void> {
  await Promise.all(
    people.map(async ({ id, room, token }: Person) => {
      const client = await connectClient(server, {
        id,
        room,
        token,
        port,
        ignoresBeyond: ignoresBeyondBytes,
        onIgnored: () => say({ kind: 'large-arrived', atMs: monotonicMs() }),
        onUpdate: (update) => noteArrival(id, update),
      });
      clients.set(id, client);
      typedUpdates(id, MAX_EDITS);
      await client.synced;
    }),
  );
  say({ kind: 'joined' });
}

async function typeAs(id: number, { startMs, intervalMs, peopleInAll }: Request<'type'>): Promise<void> {
  const sent: number[] = [];
  sentAtMs.set(id, sent);
  for (const [index, update] of typedUpdates(id, MAX_EDITS).entries()) {
    const dueMs = startMs + (index + (id % peopleInAll) / peopleInAll) * intervalMs;
    await pause(Math.max(0, dueMs - monotonicMs()));
    if (finish.signal.aborted) return;
    sent.push(monotonicMs());
    clients.get(id)?.sendUpdate(update);
  }
}

function paste({ update }: Request<'paste'>): void {
  const [client] = clients.values();
  say({ kind: 'pasting', atMs: monotonicMs() });
  client?.sendUpdate(update);
}

async function take(request: ClientProcessRequest): Promise<void> {
  switch (request.kind) {
    case 'join':
      return join(request);
    case 'type':
      return void (await Promise.all([...clients.keys()].map((id) => typeAs(id, request))));
    case 'paste':
      return paste(request);
    case 'finish':
      finish.abort();
      return say({ kind: 'finished', sightings: { sentAtMs, arrivals } });
  }
}

process.on('message', (request: ClientProcessRequest) => {
  take(request).catch((error: unknown) => say({ kind: 'failed', explanation: errorMessage(error) }));
});
// Whoever started it has ended it, or is gone.
process.once('disconnect', () => process.exit());
setInterval(() => {
  for (const client of clients.values()) client.beat();
}, HEARTBEAT_INTERVAL_MS);
