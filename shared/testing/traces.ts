import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** One change: at `position` remove `deleteCount` and put `text` there. Counted in Unicode code points, not UTF-16 units. */
export type TracePatch = readonly [position: number, deleteCount: number, text: string];

/** Real typing by one author: the transactions apply one after the other. */
export interface SequentialTrace {
  readonly startContent: string;
  readonly endContent: string;
  readonly transactions: readonly { readonly patches: readonly TracePatch[] }[];
}

/** Real typing by several authors at once: a transaction applies to the merge of what its parents led to. */
export interface ConcurrentTrace {
  readonly endContent: string;
  readonly agentCount: number;
  readonly transactions: readonly {
    /** Indexes of earlier transactions. */
    readonly parents: readonly number[];
    /** Its author, counted from 0. */
    readonly agent: number;
    readonly patches: readonly TracePatch[];
  }[];
}

export async function readSequentialTrace(name: 'automerge-paper' | 'rustcode'): Promise<SequentialTrace> {
  const trace = (await readTrace(name)) as {
    startContent: string;
    endContent: string;
    txns: { patches: TracePatch[] }[];
  };
  return { startContent: trace.startContent, endContent: trace.endContent, transactions: trace.txns };
}

export async function readConcurrentTrace(name: 'friendsforever'): Promise<ConcurrentTrace> {
  const trace = (await readTrace(name)) as {
    endContent: string;
    numAgents: number;
    txns: { parents: number[]; agent: number; patches: TracePatch[] }[];
  };
  return { endContent: trace.endContent, agentCount: trace.numAgents, transactions: trace.txns };
}

async function readTrace(name: string): Promise<unknown> {
  const packed = await readFile(new URL(`traces/${name}.json.gz`, import.meta.url));
  return JSON.parse((await promisify(gunzip)(packed)).toString('utf8'));
}
