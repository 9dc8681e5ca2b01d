export type { AccessChannels } from './access-channels.ts';
export type { BlobChannels, TransfersState, TransferSum, WaitingTransfer } from './blob-channels.ts';
export type { EventChannel, EventChannels, SessionPortChannel, SessionPortMessage } from './event-channels.ts';
export type { HistoryChannels } from './history-channels.ts';
export type { InvokeChannel, InvokeChannels, InvokeRequest, InvokeResponse, WindowStart } from './invoke-channels.ts';
export type {
  MirrorChannels,
  MirrorChoices,
  MirrorDirection,
  MirrorPreview,
  MirrorStart,
  MirrorState,
  PreviewedFile,
  UnsharedFile,
} from './mirror-channels.ts';
export type { DeviceStorage, StorageChannels, StoredRoom } from './storage-channels.ts';
export type { TuttiApi } from './tutti-api.ts';
export type { Outcome, ProblemReport, WorkspaceStatus } from './workspace-status.ts';
