// Monaco exports these modules without types. They are only fetched here; Monaco itself uses them.
declare module 'monaco-editor/languages/features/css/cssMode';
declare module 'monaco-editor/languages/features/html/htmlMode';
declare module 'monaco-editor/languages/features/json/jsonMode';
declare module 'monaco-editor/languages/features/typescript/tsMode';
