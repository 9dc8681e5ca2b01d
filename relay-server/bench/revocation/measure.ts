import { setTimeout as pause } from 'node:timers/promises';
import { Person } from './person.ts';
import type { TwoNodes } from './two-nodes.ts';

/** Milliseconds from the owner's request to the closed socket. */
export interface Samples {
  readonly sameNodeMs: readonly number[];
  readonly otherNodeMs: readonly number[];
}

export interface Crowd {
  readonly room: string;
  readonly linkId: string;
  readonly ownerToken: string;
  readonly people: Person[];
}

const AT_A_TIME = 50;

/** Fills a room with so many who came by one link: half of them on each node. The owner asks the first node. */
export async function gather(nodes: TwoNodes, room: string, count: number): Promise<Crowd> {
  await nodes.createRoom(room);
  const ownerToken = await nodes.sign({ room, subject: 'owner', role: 'owner', linkId: undefined });
  const linkId = await createLink(nodes, room, ownerToken);
  const people: Person[] = [];
  const numbers = Array.from({ length: count }, (_, index) => index).values();
  const enterNext = async () => {
    for (const index of numbers) {
      const subject = `person-${index}`;
      const token = await nodes.sign({ room, subject, role: 'editor', linkId });
      people[index] = await Person.enter({ port: nodes.ports[index % 2 === 0 ? 0 : 1], room, subject, token });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, enterNext));
  await nodes.waitUntilNoted(room);
  return { room, linkId, ownerToken, people };
}

/**
 * Takes the access of so many back, one after the other, on both nodes in turn. Between them lies a random time of at
 * most `spreadMs`, or all would fall on the same moment of what the nodes do at intervals.
 */
export async function revokeOneByOne(
  nodes: TwoNodes,
  crowd: Crowd,
  { count, spreadMs }: { readonly count: number; readonly spreadMs: number },
): Promise<Samples> {
  const tookMs: { readonly person: Person; readonly ms: number }[] = [];
  for (const person of crowd.people.splice(0, count)) {
    await pause(Math.random() * spreadMs);
    const [ms] = await revoke(nodes, crowd, { subject: person.subject }, [person]);
    tookMs.push({ person, ms: ms ?? Number.NaN });
  }
  return byNode(nodes, tookMs);
}

/** Takes the link back by which all came. */
export async function revokeAllAtOnce(nodes: TwoNodes, crowd: Crowd): Promise<Samples> {
  const people = crowd.people.splice(0);
  const tookMs = await revoke(nodes, crowd, { link: crowd.linkId }, people);
  return byNode(
    nodes,
    people.map((person, index) => ({ person, ms: tookMs[index] ?? Number.NaN })),
  );
}

async function revoke(
  nodes: TwoNodes,
  { room, ownerToken }: Crowd,
  body: object,
  people: readonly Person[],
): Promise<readonly number[]> {
  const askedAtMs = performance.now();
  const answered = ask(nodes, `/api/rooms/${room}/revocations`, ownerToken, body);
  const closedAtMs = await Promise.all(people.map((person) => person.thrownOutAtMs));
  await answered;
  return closedAtMs.map((atMs) => atMs - askedAtMs);
}

async function createLink(nodes: TwoNodes, room: string, ownerToken: string): Promise<string> {
  const answer = await ask(nodes, `/api/rooms/${room}/links`, ownerToken, { role: 'editor' });
  const { id } = (await answer.json()) as { id: string };
  return id;
}

async function ask(nodes: TwoNodes, path: string, token: string, body: object): Promise<Response> {
  const response = await fetch(`http://127.0.0.1:${nodes.ports[0]}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${await response.text()}`);
  return response;
}

function byNode(nodes: TwoNodes, taken: readonly { readonly person: Person; readonly ms: number }[]): Samples {
  const of = (port: number) => taken.filter(({ person }) => person.port === port).map(({ ms }) => ms);
  return { sameNodeMs: of(nodes.ports[0]), otherNodeMs: of(nodes.ports[1]) };
}
