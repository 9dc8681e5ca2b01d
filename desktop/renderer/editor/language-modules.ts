import { languages } from './monaco.ts';

type LoadModule = () => Promise<unknown>;

const loadCss: LoadModule = () => import('monaco-editor/languages/features/css/cssMode');
const loadHtml: LoadModule = () => import('monaco-editor/languages/features/html/htmlMode');
const loadTypeScript: LoadModule = () => import('monaco-editor/languages/features/typescript/tsMode');

/** What Monaco fetches for a language beside its grammar. */
const SERVICES: ReadonlyMap<string, LoadModule> = new Map([
  ['css', loadCss],
  ['less', loadCss],
  ['scss', loadCss],
  ['html', loadHtml],
  ['handlebars', loadHtml],
  ['razor', loadHtml],
  ['json', () => import('monaco-editor/languages/features/json/jsonMode')],
  ['javascript', loadTypeScript],
  ['typescript', loadTypeScript],
]);

/** So long after a failure the next try is made by itself. */
const RETRY_MS = 15_000;

const there = new Set<string>();
const loading = new Map<string, Promise<void>>();
/** Those who have failed and are to try again. */
const failed = new Set<() => void>();

/** Whether Monaco can take a language into use without fetching anything. */
export function isLanguageThere(language: string): boolean {
  return there.has(language) || modulesOf(language).length === 0;
}

/**
 * Fetches what Monaco needs for a language; it would itself try only once, and nobody could catch the failure. What has
 * failed is tried again whenever a language is asked for, when the page is online again, and after a while. Resolves
 * when it is there; never rejects.
 */
export function fetchLanguage(language: string): Promise<void> {
  if (isLanguageThere(language)) return Promise.resolve();
  for (const tryAgain of failed) tryAgain();
  const known = loading.get(language);
  if (known) return known;
  const fetching = Promise.all(modulesOf(language).map(fetchModule)).then(() => {
    there.add(language);
    loading.delete(language);
  });
  loading.set(language, fetching);
  return fetching;
}

async function fetchModule(load: LoadModule): Promise<void> {
  for (;;) {
    try {
      await load();
      return;
    } catch {
      // The text is shown plain meanwhile, which is all that is missing.
      await whenToTryAgain();
    }
  }
}

/** Where only the relay was out of reach, which has the modules, too, the page was online all the time. */
function whenToTryAgain(): Promise<void> {
  return new Promise((resolve) => {
    const tryAgain = () => {
      failed.delete(tryAgain);
      window.removeEventListener('online', tryAgain);
      window.clearTimeout(timer);
      resolve();
    };
    const timer = window.setTimeout(tryAgain, RETRY_MS);
    window.addEventListener('online', tryAgain);
    failed.add(tryAgain);
  });
}

/** Monaco's definitions name the module of their grammar, although its types do not tell. */
function modulesOf(language: string): readonly LoadModule[] {
  const definitions = languages.getLanguages().filter(({ id }) => id === language);
  const loaders = definitions.map((definition) => ('loader' in definition ? definition.loader : undefined));
  return [...loaders, SERVICES.get(language)].filter(isLoader);
}

function isLoader(value: unknown): value is LoadModule {
  return typeof value === 'function';
}
