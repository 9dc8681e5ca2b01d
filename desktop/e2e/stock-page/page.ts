import { editor } from 'monaco-editor/editor';
import { MonacoBinding } from 'y-monaco';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

// Nothing of Tutti is used here: what a page needs to know of a room is in its README.
globalThis.MonacoEnvironment = {
  getWorker: () => new Worker(new URL('monaco-editor/editor/editor.worker.js', import.meta.url), { type: 'module' }),
};

const parameters = new URLSearchParams(location.hash.slice(1));
const server = parameters.get('server') ?? '';
const token = parameters.get('token') ?? '';
const path = parameters.get('path') ?? '';

function connect(name: string): WebsocketProvider {
  return new WebsocketProvider(server, name, new Y.Doc(), { params: { token }, disableBc: true });
}

/** The room's list of files names the document of each. */
async function findDocument(): Promise<string> {
  const index = connect('index');
  const files = index.doc.getMap<Y.Map<unknown>>('files');
  for (;;) {
    const found = [...files].find(([, file]) => file.get('path') === path);
    if (!found) {
      await new Promise((resolve) => index.doc.once('update', resolve));
      continue;
    }
    index.destroy();
    return found[0];
  }
}

function showPeople({ awareness, doc }: WebsocketProvider): void {
  const people = document.getElementById('people');
  const show = () => {
    const names: unknown[] = [];
    for (const [clientId, state] of awareness.getStates()) {
      const user: unknown = state['user'];
      if (clientId !== doc.clientID && typeof user === 'object' && user && 'name' in user) names.push(user.name);
    }
    if (people) people.textContent = `Here: ${names.join(', ')}`;
  };
  awareness.on('change', show);
  show();
}

const element = document.getElementById('editor');
if (!element) throw new Error('the page has no element for the editor');
const provider = connect(await findDocument());
const codeEditor = editor.create(element, { value: '', language: 'plaintext', automaticLayout: true });
const model = codeEditor.getModel();
if (!model) throw new Error('the editor has no model');
model.setEOL(editor.EndOfLineSequence.LF);
new MonacoBinding(provider.doc.getText('content'), model, new Set([codeEditor]), provider.awareness);
provider.awareness.setLocalStateField('user', { name: 'somebody', color: '#d1720a' });
showPeople(provider);
