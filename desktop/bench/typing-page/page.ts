import { parseShareLink } from '../../../shared/access/index.ts';
import { AttachedSession } from '../../../shared/sync/attachment/index.ts';
import { CONTENT_TEXT } from '../../../shared/workspace/index.ts';
import { EditorModels, EditorPane } from '../../renderer/editor/index.ts';
import { BrowserRoom } from '../../renderer/host/browser-room.ts';
import type { TypingRecord } from './typing-record.ts';

// A guest's page with nothing but the editor: engine, attachment, binding and Monaco are the app's own.
const DOCUMENT = 'typing';

function now(): number {
  return performance.timeOrigin + performance.now();
}

async function openEditor(element: HTMLElement): Promise<TypingRecord> {
  const parsed = parseShareLink(location.href);
  if (!parsed.ok) throw new Error(parsed.explanation);
  const joined = await BrowserRoom.join(parsed.link, 'Typist');
  if (!joined.ok) throw new Error(joined.explanation);
  const session = new AttachedSession();
  session.attach(joined.value.attach());
  const document = session.open(DOCUMENT);
  await document.whenSynced;
  const models = new EditorModels({
    openDocument: () => ({
      text: document.whenReady.then(() => document.doc.getText(CONTENT_TEXT)),
      dispose: () => {},
    }),
    canWrite: () => true,
  });
  const pane = new EditorPane({ element, models });
  await new Promise<void>((resolve, reject) => {
    pane.onDidChangeState((state) => {
      if (state.kind === 'ready') resolve();
      else if (state.kind === 'failed') reject(state.error);
    });
    pane.show(DOCUMENT, 'typing.txt');
  });
  const record: TypingRecord = { keysAtMs: [], changes: [] };
  addEventListener('keydown', ({ timeStamp }) => record.keysAtMs.push(performance.timeOrigin + timeStamp), {
    capture: true,
  });
  pane.codeEditor.onDidChangeModelContent(() => {
    record.changes.push({ atMs: now(), length: pane.codeEditor.getModel()?.getValueLength() ?? 0 });
  });
  pane.focus();
  return record;
}

const element = document.getElementById('editor');
if (!element) throw new Error('the page has no element for the editor');
window.typingRecord = await openEditor(element);
