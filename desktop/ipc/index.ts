export type { AccessChannels } from './access-channels.ts';
export type { EventChannel, EventChannels, SessionPortChannel, SessionPortMessage } from './event-channels.ts';
export type { InvokeChannel, InvokeChannels, InvokeRequest, InvokeResponse, WindowStart } from './invoke-channels.ts';
export type { TuttiApi } from './tutti-api.ts';
export type { Outcome, ProblemReport, WorkspaceStatus } from './workspace-status.ts';
