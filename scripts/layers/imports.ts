import { parseSync } from 'oxc-parser';

/** One import, re-export or `import()` of a file. */
export interface Import {
  readonly specifier: string;
  /** Whether it is gone at run time, as `import type` is. */
  readonly isTypeOnly: boolean;
  /** Counted from 1. */
  readonly line: number;
}

/**
 * Lists what `source` imports.
 * @throws when `source` cannot be parsed, or imports something whose name is computed
 */
export function readImports(fileName: string, source: string): Import[] {
  const { module, errors } = parseSync(fileName, source);
  const [error] = errors;
  if (error) throw new Error(`${fileName}: ${error.message}`);
  const lineAt = (offset: number): number => source.slice(0, offset).split('\n').length;
  const imports: Import[] = [];
  for (const { moduleRequest, entries, start } of module.staticImports) {
    const isTypeOnly = entries.length > 0 && entries.every((entry) => entry.isType);
    imports.push({ specifier: moduleRequest.value, isTypeOnly, line: lineAt(start) });
  }
  for (const { entries, start } of module.staticExports) {
    for (const { moduleRequest, isType } of entries) {
      if (moduleRequest) imports.push({ specifier: moduleRequest.value, isTypeOnly: isType, line: lineAt(start) });
    }
  }
  for (const { moduleRequest, start } of module.dynamicImports) {
    const literal = /^(['"`])([^'"`$]+)\1$/.exec(source.slice(moduleRequest.start, moduleRequest.end));
    if (!literal?.[2])
      throw new Error(`${fileName}:${lineAt(start)}: import() needs a plain string, so that it can be checked`);
    imports.push({ specifier: literal[2], isTypeOnly: false, line: lineAt(start) });
  }
  return imports;
}
