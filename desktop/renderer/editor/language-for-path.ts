import { fetchLanguage, isLanguageThere } from './language-modules.ts';
import { editor, languages } from './monaco.ts';

export const PLAIN_TEXT = 'plaintext';

/** Names that Monaco's own tables leave out. */
const FURTHER_NAMES: Readonly<Record<string, string>> = {
  'tsconfig.json': 'json',
  '.prettierrc': 'json',
  '.babelrc': 'json',
  '.gitignore': 'ini',
  '.editorconfig': 'ini',
  '.npmrc': 'ini',
  '.bashrc': 'shell',
  '.zshrc': 'shell',
  '.mts': 'typescript',
  '.jsonc': 'json',
};

/** The language of a file by its name: the whole name first, then its longest known extension. */
export function languageForPath(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const known = languages.getLanguages();
  const further = FURTHER_NAMES[name];
  if (further) return further;
  const byName = known.find(({ filenames }) => filenames?.some((candidate) => candidate.toLowerCase() === name));
  if (byName) return byName.id;
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const extension = name.slice(dot);
    const byExtension = known.findLast(({ extensions }) =>
      extensions?.some((candidate) => candidate.toLowerCase() === extension),
    );
    const id = byExtension?.id ?? FURTHER_NAMES[extension];
    if (id) return id;
  }
  return PLAIN_TEXT;
}

function languageForFirstLine(line: string): string | undefined {
  return languages.getLanguages().find(({ firstLine }) => firstLine !== undefined && new RegExp(firstLine).test(line))
    ?.id;
}

/** The language that a model is to get. */
const wanted = new WeakMap<editor.ITextModel, string>();

/**
 * Gives a model the language of its path or, when the path tells nothing, of its first line. Until that is fetched the
 * model stays as it is.
 */
export function applyLanguage(model: editor.ITextModel, path: string): void {
  const byPath = languageForPath(path);
  const language =
    byPath === PLAIN_TEXT ? (languageForFirstLine(model.getLineContent(1).slice(0, 200)) ?? PLAIN_TEXT) : byPath;
  wanted.set(model, language);
  if (isLanguageThere(language)) return setLanguage(model, language);
  void fetchLanguage(language).then(() => {
    if (!model.isDisposed() && wanted.get(model) === language) setLanguage(model, language);
  });
}

function setLanguage(model: editor.ITextModel, language: string): void {
  if (model.getLanguageId() !== language) editor.setModelLanguage(model, language);
}
