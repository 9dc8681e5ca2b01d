import { expect, it, onTestFinished, vi } from 'vitest';
import { applyLanguage, PLAIN_TEXT } from './language-for-path.ts';
import { fetchLanguage } from './language-modules.ts';
import { editor, languages } from './monaco.ts';

/** Registers a language as Monaco does, whose module comes when the test lets it. */
function registerLanguage(id: string) {
  let isReachable = false;
  const loader = vi.fn<() => Promise<unknown>>(async () => {
    await Promise.resolve();
    if (!isReachable) throw new TypeError('Failed to fetch dynamically imported module');
    return { language: {} };
  });
  const definition = { id, extensions: [`.${id}`], loader };
  languages.register(definition);
  return { loader, reach: () => (isReachable = true) };
}

function createModel() {
  const model = editor.createModel('text', PLAIN_TEXT);
  onTestFinished(() => model.dispose());
  return model;
}

it('a file whose language cannot be fetched is plain text, until the page is online again', async () => {
  const { loader, reach } = registerLanguage('offlinish');
  const [first, second] = [createModel(), createModel()];
  applyLanguage(first, 'docs/a.offlinish');
  applyLanguage(second, 'docs/b.offlinish');
  await vi.waitFor(() => expect(loader).toHaveBeenCalledTimes(1));
  // The listener is there in the turn after the failure.
  await new Promise((resolve) => setTimeout(resolve));
  expect(first.getLanguageId()).toBe(PLAIN_TEXT);
  applyLanguage(second, 'docs/b.txt');
  reach();
  window.dispatchEvent(new Event('online'));
  await vi.waitFor(() => expect(first.getLanguageId()).toBe('offlinish'));
  expect(second.getLanguageId()).toBe(PLAIN_TEXT);
  expect(loader).toHaveBeenCalledTimes(2);
  const third = createModel();
  applyLanguage(third, 'c.offlinish');
  expect(third.getLanguageId()).toBe('offlinish');
});

it('what could not be fetched is tried again when a language is asked for: the page may have been online all along', async () => {
  const { loader, reach } = registerLanguage('relayless');
  const model = createModel();
  applyLanguage(model, 'a.relayless');
  await vi.waitFor(() => expect(loader).toHaveBeenCalledTimes(1));
  await new Promise((resolve) => setTimeout(resolve));
  reach();
  // As it is when its text has come.
  applyLanguage(model, 'a.relayless');
  await vi.waitFor(() => expect(model.getLanguageId()).toBe('relayless'));
});

it.each([
  ['README.md', 'markdown'],
  ['package.json', 'json'],
  ['a.ts', 'typescript'],
  ['a.scss', 'scss'],
  ['index.html', 'html'],
])('the modules of Monaco are fetched for %s', async (path, language) => {
  const model = createModel();
  applyLanguage(model, path);
  expect(model.getLanguageId()).toBe(PLAIN_TEXT);
  await fetchLanguage(language);
  expect(model.getLanguageId()).toBe(language);
});
