import * as Y from 'yjs';
import { WorkspaceIndex } from '../../shared/workspace/index.ts';
import type { AccessKey } from '../log/access-directory.ts';
import type { UpdateLog } from '../log/update-log.ts';

export const LOGGED_EPOCH = 'e';

/** Writes files of a room straight into its log, as if people had. */
export class LoggedFiles {
  private readonly log: Pick<UpdateLog, 'append'>;
  private readonly key: AccessKey;
  private readonly docs = new Map<string, Y.Doc>();
  private clientSeq = 0;

  constructor(log: Pick<UpdateLog, 'append'>, key: AccessKey) {
    this.log = log;
    this.key = key;
  }

  /** Lists a file; gives the name of its document. */
  async add(path: string): Promise<string> {
    const doc = this.docs.get('index') ?? new Y.Doc();
    this.docs.set('index', doc);
    const index = new WorkspaceIndex(doc, { random: Math.random, nowMs: Date.now });
    try {
      const [fileId = ''] = index.reserveIds(1);
      await this.change('index', 'ana', () => index.add([{ fileId, path, eol: 'LF', bom: false, kind: 'text' }]));
      return fileId;
    } finally {
      index.dispose();
    }
  }

  /** Somebody writes a text at the start of a file. Gives the number that the update got. */
  async write(document: string, subject: string, text: string, timeMs = Date.now()): Promise<number> {
    return this.change(document, subject, (doc) => doc.getText('content').insert(0, text), timeMs);
  }

  /** Somebody deletes so many characters at the start of a file. */
  async erase(document: string, subject: string, count: number, timeMs = Date.now()): Promise<number> {
    return this.change(document, subject, (doc) => doc.getText('content').delete(0, count), timeMs);
  }

  private async change(document: string, subject: string, change: (doc: Y.Doc) => void, timeMs = Date.now()) {
    const doc = this.docs.get(document) ?? new Y.Doc();
    this.docs.set(document, doc);
    const before = Y.encodeStateVector(doc);
    change(doc);
    const payload = Y.encodeStateAsUpdate(doc, before);
    const session = { subject, sessionId: `session of ${subject}` };
    const update = { session, clientSeq: ++this.clientSeq, name: subject.toUpperCase(), timeMs, payload };
    const key = { tenant: this.key.tenant, room: this.key.room, document };
    const [appended] = await this.log.append([{ key, epochWhenNew: LOGGED_EPOCH, updates: [update] }]);
    return appended?.headSeq ?? 0;
  }
}
