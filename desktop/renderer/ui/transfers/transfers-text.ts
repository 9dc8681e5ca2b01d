import { formatBytes } from '../storage/storage-text.ts';
import type { TransferSum, TransfersView, TransferView } from '../transfers-model.ts';

export interface TransfersText {
  /** Such as "↑ 2 files, 41 %". */
  readonly label: string;
  readonly description: string;
}

/** What the status bar says; undefined when nothing is on its way, or should be. */
export function transfersText({ up, down, files }: TransfersView): TransfersText | undefined {
  const refused = files.filter(({ isRefused }) => isRefused);
  const going = files.filter(({ isRefused }) => !isRefused);
  const isWaiting = going.length > 0 && going.every(({ waiting }) => waiting !== undefined);
  const parts = [
    describe('↑', up),
    describe('↓', down),
    ...(isWaiting ? ['waiting'] : []),
    ...(refused.length === 0 ? [] : [`${count({ files: refused.length })} refused`]),
  ].filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  const sentences = [
    ...(up.files === 0 ? [] : [`Sending ${count(up)} (${progressOf(up)})`]),
    ...(down.files === 0 ? [] : [`Fetching ${count(down)} (${progressOf(down)})`]),
    ...new Set(files.flatMap((transfer) => troubleText(transfer) ?? [])),
  ];
  return { label: parts.join('  '), description: sentences.join('\n') };
}

/** What is said of one file, such as "↑ 41 %". */
export function transferText(transfer: TransferView): string {
  const arrow = transfer.direction === 'up' ? '↑' : '↓';
  if (transfer.isRefused) return `${arrow} refused`;
  return `${arrow} ${percent(transfer)} %${transfer.waiting ? ', waiting' : ''}`;
}

/** What keeps one file from going on, and when it is tried again; undefined when nothing does. */
export function troubleText({ direction, trouble, isRefused, waiting }: TransferView): string | undefined {
  if (isRefused) return `Not ${direction === 'up' ? 'sent to' : 'fetched from'} the relay: ${trouble ?? ''}`;
  const reason = trouble ?? waiting?.reason;
  if (reason === undefined || waiting?.nextTryAtMs === undefined) return reason;
  return `${reason} Next try at ${new Date(waiting.nextTryAtMs).toLocaleTimeString()}.`;
}

/** How far one file is, in a sentence. */
export function transferSentence(transfer: TransferView): string {
  const verb = transfer.direction === 'up' ? 'Sending to the relay' : 'Fetching from the relay';
  return `${verb}: ${progressOf(transfer)}`;
}

/** From 0 to 100; 100 only when all is done. */
export function percent({ doneBytes, totalBytes }: Pick<TransferSum, 'doneBytes' | 'totalBytes'>): number {
  return totalBytes === 0 ? 0 : Math.min(100, Math.floor((doneBytes / totalBytes) * 100));
}

function describe(arrow: string, sum: TransferSum): string | undefined {
  return sum.files === 0 ? undefined : `${arrow} ${count(sum)}, ${percent(sum)} %`;
}

function count({ files }: Pick<TransferSum, 'files'>): string {
  return files === 1 ? '1 file' : `${files} files`;
}

function progressOf({ doneBytes, totalBytes }: Pick<TransferSum, 'doneBytes' | 'totalBytes'>): string {
  return `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
}
