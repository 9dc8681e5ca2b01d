import type { Work } from '../work.ts';
import { crash } from './crash.ts';
import { cursors } from './cursors.ts';
import { flood } from './flood.ts';
import { growingLog } from './growing-log.ts';
import { growingDocument } from './growing-document.ts';
import { idle, manyIdle } from './idle.ts';
import { nodes } from './nodes.ts';
import { paper } from './paper.ts';
import { paste } from './paste.ts';
import { newcomers, reconnect } from './reconnect.ts';
import { typing } from './typing.ts';

/** All works, in the order of the table. */
export const WORKS: readonly Work[] = [
  typing,
  flood,
  idle,
  manyIdle,
  paper,
  reconnect,
  newcomers,
  paste,
  cursors,
  crash,
  growingDocument,
  growingLog,
  nodes,
];
