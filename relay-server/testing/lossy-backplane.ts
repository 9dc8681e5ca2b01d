import { type Disposable, Emitter, type Event, toDisposable } from '../../shared/lifecycle/index.ts';
import type { SeededRandom } from '../../shared/testing/seeded-random.ts';
import type { Backplane, BackplaneMessage, BackplaneRoom } from '../backplane/backplane.ts';

type Listener = (message: BackplaneMessage, nodeId: string) => void;

interface Node {
  readonly nodeId: string;
  readonly lost: Emitter<void>;
  readonly listeners: Map<string, Set<Listener>>;
  /** What is on the way to this node, by sender, each in its order. */
  readonly inbox: Map<string, { readonly room: string; readonly message: BackplaneMessage }[]>;
}

/** A backplane between nodes whose messages are moved, held up and lost by a test. */
export class LossyBackplaneHub {
  private readonly random: SeededRandom;
  private readonly nodes = new Set<Node>();
  private joined = 0;

  constructor(random: SeededRandom) {
    this.random = random;
  }

  join(): Backplane {
    const node: Node = { nodeId: `node-${++this.joined}`, lost: new Emitter(), listeners: new Map(), inbox: new Map() };
    this.nodes.add(node);
    return {
      onDidLoseMessages: node.lost.event satisfies Event<void>,
      hasPeers: () => true,
      publish: (room, message) => this.publish(node, nameOf(room), message),
      subscribe: (room, listener) => subscribe(node, nameOf(room), listener),
      dispose: () => {
        this.nodes.delete(node);
        node.lost.dispose();
      },
    };
  }

  /** Delivers some of what is on the way. */
  deliverSome(): void {
    for (const [node, sender] of this.links()) {
      for (let count = this.random.below(4); count > 0; count--) deliverNext(node, sender);
    }
  }

  deliverAll(): void {
    for (const [node, sender] of this.links()) while (deliverNext(node, sender)) continue;
  }

  /** Loses some of what is on the way to one node, which notices it or not. */
  loseSome(): void {
    for (const [node, sender] of this.links()) {
      if (this.random.chance(0.5)) continue;
      node.inbox.get(sender)?.splice(0, 1 + this.random.below(5));
      if (this.random.chance(0.3)) node.lost.fire();
    }
  }

  /** Loses everything that is on the way; nobody notices. */
  loseAll(): void {
    for (const node of this.nodes) node.inbox.clear();
  }

  private publish(from: Node, room: string, message: BackplaneMessage): void {
    for (const node of this.nodes) {
      if (node === from || !node.listeners.has(room)) continue;
      const queue = node.inbox.get(from.nodeId) ?? [];
      node.inbox.set(from.nodeId, queue);
      queue.push({ room, message });
    }
  }

  private links(): (readonly [Node, string])[] {
    return [...this.nodes].flatMap((node) => [...node.inbox.keys()].map((sender) => [node, sender] as const));
  }
}

function deliverNext(node: Node, sender: string): boolean {
  const next = node.inbox.get(sender)?.shift();
  if (!next) return false;
  for (const listener of [...(node.listeners.get(next.room) ?? [])]) listener(next.message, sender);
  return true;
}

function subscribe(node: Node, room: string, listener: Listener): Disposable {
  const listeners = node.listeners.get(room) ?? new Set();
  node.listeners.set(room, listeners.add(listener));
  return toDisposable(() => {
    listeners.delete(listener);
    if (listeners.size === 0) node.listeners.delete(room);
  });
}

function nameOf({ tenant, room }: BackplaneRoom): string {
  return `${tenant}/${room}`;
}
