import { randomBytes } from 'node:crypto';
import { GENERATION } from '../backplane-codec.ts';

const NODE_ID = /^g(\d{1,4})-[A-Za-z0-9_-]{16}$/;

/** A name for one start of a node. It says which kinds of messages the node reads. */
export function createNodeId(): string {
  return `g${GENERATION}-${randomBytes(12).toString('base64url')}`;
}

/** The newest generation of messages that a node reads; 1 for nodes of a time when names did not say it. */
export function generationOf(nodeId: string): number {
  return Number(NODE_ID.exec(nodeId)?.[1] ?? 1);
}
