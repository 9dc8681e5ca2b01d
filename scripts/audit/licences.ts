/** What package-lock.json says of one package. */
export interface LockedPackage {
  readonly license?: string;
  /** Only what builds or tests the project needs it. */
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

/** The fields of a package's own manifest that tell its licence. */
export interface LicenceFields {
  readonly license?: unknown;
  /** As old packages have it. */
  readonly licenses?: unknown;
}

/** Licences that ask for no more than to be named. */
const PERMISSIVE = new Set([
  ...['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', 'Zlib'],
  ...['Unlicense', 'CC0-1.0', 'CC-BY-4.0', 'Python-2.0', 'WTFPL'],
]);
/** Those that name their licence in their README only. */
const READ_BY_HAND: Readonly<Record<string, string>> = {
  'node_modules/humanize-number': 'MIT',
  'node_modules/only': 'MIT',
};
/** Tools may have these as well: nothing of theirs is in what is built. */
const FOR_TOOLS = new Set(['MPL-2.0']);

/**
 * The packages of a lock file whose licence is not permissive or not known, a line each. `readManifest` is asked for
 * those of which the lock file has no licence.
 */
export function checkLicences(
  packages: Readonly<Record<string, LockedPackage>>,
  readManifest: (path: string) => LicenceFields | undefined,
): readonly string[] {
  const problems: string[] = [];
  for (const [path, locked] of Object.entries(packages)) {
    if (path === '') continue;
    const licence = locked.license ?? licenceOf(readManifest(path)) ?? READ_BY_HAND[path];
    const isTool = locked.dev === true || locked.devOptional === true;
    if (licence === undefined) problems.push(`${path} names no licence`);
    else if (!isAllowed(licence, isTool)) problems.push(`${path} is under ${licence}`);
  }
  return problems;
}

function licenceOf(fields: LicenceFields | undefined): string | undefined {
  if (typeof fields?.license === 'string') return fields.license;
  if (!Array.isArray(fields?.licenses)) return undefined;
  const types = fields.licenses.map((entry: unknown) =>
    typeof entry === 'object' && entry !== null && 'type' in entry ? String(entry.type) : String(entry),
  );
  // Of several one may choose.
  return types.length > 0 ? types.join(' OR ') : undefined;
}

/** Reads an SPDX expression of names with OR and AND, of which AND binds stronger. */
function isAllowed(expression: string, isTool: boolean): boolean {
  const plain = expression.replace(/^\((.*)\)$/, '$1');
  // What nests needs somebody to read it.
  if (/[()]/.test(plain)) return false;
  const isGood = (name: string) => PERMISSIVE.has(name) || (isTool && FOR_TOOLS.has(name));
  return plain.split(/\s+OR\s+/).some((part) => part.split(/\s+AND\s+/).every((name) => isGood(name.trim())));
}
