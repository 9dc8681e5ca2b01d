import 'monaco-editor/features/register.all';
import { json, typescript } from 'monaco-editor/languages/register.all';
import { editor } from 'monaco-editor/editor';
import { DARK_THEME, darkThemeData, LIGHT_THEME, lightThemeData } from './themes.ts';

export {
  type IDisposable,
  type IPosition,
  type IRange,
  KeyCode,
  KeyMod,
  Position,
  Range,
  Selection,
  SelectionDirection,
  Uri,
  editor,
  languages,
} from 'monaco-editor/editor';

/**
 * A bundled worker for every label that Monaco asks for: the page's policy admits no worker made from a blob.
 * The addresses are those that Monaco's own modules name, so the bundle has each worker once.
 */
function createWorker(label: string): Worker {
  switch (label) {
    case 'css':
    case 'scss':
    case 'less':
      return new Worker(new URL('monaco-editor/languages/features/css/css.worker.js', import.meta.url), {
        type: 'module',
      });
    case 'html':
    case 'handlebars':
    case 'razor':
      return new Worker(new URL('monaco-editor/languages/features/html/html.worker.js', import.meta.url), {
        type: 'module',
      });
    case 'json':
      return new Worker(new URL('monaco-editor/languages/features/json/json.worker.js', import.meta.url), {
        type: 'module',
      });
    case 'typescript':
    case 'javascript':
      return new Worker(new URL('monaco-editor/languages/features/typescript/ts.worker.js', import.meta.url), {
        type: 'module',
      });
    default:
      return new Worker(new URL('monaco-editor/editor/editor.worker.js', import.meta.url), { type: 'module' });
  }
}

globalThis.MonacoEnvironment = { getWorker: (_workerId, label) => createWorker(label) };

// A worker sees only the files that are open, so it would report every import of another file as an error.
for (const defaults of [typescript.typescriptDefaults, typescript.javascriptDefaults]) {
  defaults.setDiagnosticsOptions({ noSemanticValidation: true, noSuggestionDiagnostics: true });
  defaults.setCompilerOptions({
    ...defaults.getCompilerOptions(),
    allowNonTsExtensions: true,
    allowJs: true,
    jsx: typescript.JsxEmit.Preserve,
    target: typescript.ScriptTarget.Latest,
  });
}
json.jsonDefaults.setDiagnosticsOptions({
  validate: true,
  allowComments: true,
  trailingCommas: 'ignore',
  // A shared file must not make this machine fetch an address that it names.
  enableSchemaRequest: false,
});

editor.defineTheme(DARK_THEME, darkThemeData);
editor.defineTheme(LIGHT_THEME, lightThemeData);
