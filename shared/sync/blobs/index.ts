/** Contents of files that are no shared text: sent to a relay and fetched from there in parts, checked by their hash. */
export { askLacking } from './ask-lacking.ts';
export {
  type BlobTransferOptions,
  type TransferOutcome,
  type TransferProgress,
  type TransferWatch,
} from './blob-transfer.ts';
export {
  describeReplacements,
  type NamedContent,
  readReplacement,
  readReplacements,
  type ReplacedContent,
  writeReplacement,
} from './replaced-content.ts';
export type { DescribedPart } from './blob-description.ts';
export { type BlobSink, downloadBlob, type IncomingParts } from './download-blob.ts';
export { type BlobSource, uploadBlob } from './upload-blob.ts';
export { TransferLine } from './transfer-line.ts';
