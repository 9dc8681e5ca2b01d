import type { LabelledEvent } from '../../../shared/sync/administration/index.ts';
import { type NamedContent, readReplacements, type ReplacedContent } from '../../../shared/sync/blobs/index.ts';
import type { ContentAct, ContentFate, FileContent } from '../ui/transfers-model.ts';

/** A content was given to a file. */
interface Replacement extends ReplacedContent {
  readonly act: ContentAct;
}

/** What an event of a file that is no text brought: whoever was too late brought what another one stood before. */
function broughtBy({ from, to, isConcurrent }: ReplacedContent): NamedContent {
  return isConcurrent ? from : to;
}

/** The contents that a file had, as events say, newest first; the one that counts, `current`, before all others. */
export function contentsOf(
  fileId: string,
  current: NamedContent | undefined,
  events: readonly LabelledEvent[],
): readonly FileContent[] {
  const replacements = events.flatMap(({ detail, actorName, atMs, receivedMs }) => {
    // The clock of who did it may be wrong.
    const act = { by: actorName, atMs: Math.min(atMs, receivedMs) };
    return readReplacements(detail).flatMap((said): readonly Replacement[] =>
      said.fileId === fileId ? [{ ...said, act }] : [],
    );
  });
  const named = replacements.flatMap((said) => [broughtBy(said), said.isConcurrent ? said.to : said.from]);
  const contents = current ? [current, ...named] : named;
  return [...new Set(contents.map(({ blob }) => blob))].map((blob) => ({
    blob,
    sizeBytes: contents.find((content) => content.blob === blob && content.sizeBytes !== undefined)?.sizeBytes,
    written: replacements.find((said) => broughtBy(said).blob === blob)?.act,
    fate: fateOf(blob, current?.blob, replacements),
  }));
}

function fateOf(blob: string, current: string | undefined, replacements: readonly Replacement[]): ContentFate {
  if (blob === current) return { kind: 'counts' };
  const known = replacements.filter(({ isConcurrent }) => !isConcurrent);
  const hasCounted = (other: string) => other === current || known.some(({ from }) => from.blob === other);
  // Several may have replaced it at once: it gave way to the one that counted then.
  const replaced = known.filter(({ from, to }) => from.blob === blob && to.blob !== blob);
  const [last] = [...replaced.filter(({ to }) => hasCounted(to.blob)), ...replaced];
  if (last) return { kind: 'replaced', ...last.act };
  return replacements.some(({ isConcurrent, from }) => isConcurrent && from.blob === blob)
    ? { kind: 'late' }
    : { kind: 'passed-over' };
}
