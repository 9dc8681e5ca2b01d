import type { FileKind } from '../../../../shared/workspace/index-document.ts';

const ICON_BY_EXTENSION: ReadonlyMap<string, string> = new Map([
  ...[
    'ts',
    'tsx',
    'js',
    'jsx',
    'mjs',
    'cjs',
    'css',
    'scss',
    'html',
    'vue',
    'svelte',
    'c',
    'h',
    'cc',
    'cpp',
    'cs',
    'go',
  ].map((extension) => [extension, 'file-code'] as const),
  ...['rs', 'py', 'rb', 'java', 'kt', 'swift', 'php', 'sh', 'sql', 'lua', 'dart', 'xml'].map(
    (extension) => [extension, 'file-code'] as const,
  ),
  ...['png', 'jpg', 'jpeg', 'gif', 'webp', 'svg', 'ico', 'bmp'].map((extension) => [extension, 'file-media'] as const),
  ...['mp3', 'mp4', 'wav', 'mov', 'webm'].map((extension) => [extension, 'file-media'] as const),
  ...['zip', 'gz', 'tar', 'tgz', 'xz', '7z', 'rar'].map((extension) => [extension, 'file-zip'] as const),
  ['json', 'json'],
  ['jsonc', 'json'],
  ['md', 'markdown'],
  ['pdf', 'file-pdf'],
  ['lock', 'lock'],
  ['yml', 'settings'],
  ['yaml', 'settings'],
  ['toml', 'settings'],
  ['ini', 'settings'],
  ['env', 'settings'],
]);

/** Codicon for a file. */
export function fileIcon(name: string, kind: FileKind): string {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  const known = ICON_BY_EXTENSION.get(extension);
  if (kind === 'binary' && (known === undefined || known === 'file-code')) return 'file-binary';
  return known ?? 'file';
}
