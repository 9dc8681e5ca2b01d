/** Name of the files that hold the rules. */
export const IGNORE_FILE = '.gitignore';

/** Git compares exactly where file names do. */
export const isExactCase = process.platform === 'linux';

/** The patterns of a file with rules that lies in `folder`, '' for the root, as patterns of the root. */
export function anchorPatterns(folder: string, text: string): readonly string[] {
  const prefix = folder === '' ? '' : `/${folder.replace(/[\\*?[\]!# ]/g, '\\$&')}`;
  return text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      if (prefix === '') return line;
      const isNegated = line.startsWith('!');
      const body = isNegated ? line.slice(1) : line;
      const isAnchored = body.trimEnd().replace(/\/$/, '').includes('/');
      const anchored = isAnchored ? `${prefix}/${body.replace(/^\//, '')}` : `${prefix}/**/${body}`;
      return isNegated ? `!${anchored}` : anchored;
    });
}
