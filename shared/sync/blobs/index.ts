/** Contents of files that are no shared text: sent to a relay and fetched from there in parts, checked by their hash. */
export {
  type BlobTransferOptions,
  type TransferOutcome,
  type TransferProgress,
  type TransferWatch,
} from './blob-transfer.ts';
export { type NamedContent, readReplacement, type ReplacedContent, writeReplacement } from './replaced-content.ts';
export type { DescribedPart } from './blob-description.ts';
export { type BlobSink, downloadBlob } from './download-blob.ts';
export { type BlobSource, uploadBlob } from './upload-blob.ts';
