import type { AccessChannels } from './access-channels.ts';
import type { BlobChannels } from './blob-channels.ts';
import type { HistoryChannels } from './history-channels.ts';
import type { MirrorChannels } from './mirror-channels.ts';
import type { StorageChannels } from './storage-channels.ts';
import type { Outcome, WorkspaceStatus } from './workspace-status.ts';

/** What a window learns when it starts. */
export interface WindowStart {
  readonly status: WorkspaceStatus;
  readonly personName: string;
  readonly recentFolders: readonly string[];
  readonly platform: 'darwin' | 'linux' | 'win32';
  /** A link to ask about, when the app was opened with one. */
  readonly joinLink: string | undefined;
  /** The folder to which its room is to be mirrored, when one was given. */
  readonly mirrorFolder?: string | undefined;
}

/** Requests from a window to the main process. */
export interface InvokeChannels extends AccessChannels, BlobChannels, HistoryChannels, MirrorChannels, StorageChannels {
  /** The window can take events now; its session port follows when a room is open. */
  'window:ready': { readonly request: undefined; readonly response: WindowStart };
  /** Lets the person choose a folder. False: they changed their mind. */
  'folder:choose': { readonly request: undefined; readonly response: Outcome<boolean> };
  /** Opens one of the recent folders. */
  'folder:open-recent': { readonly request: { readonly path: string }; readonly response: Outcome<boolean> };
  /** Opens this device's room without a folder. */
  'room:open-untitled': { readonly request: undefined; readonly response: Outcome<boolean> };
  'room:join': {
    readonly request: { readonly link: string; readonly name: string };
    readonly response: Outcome<boolean>;
  };
  /** The person does not want to wait any longer; the pending `room:join` is answered. */
  'room:cancel-join': { readonly request: undefined; readonly response: Outcome<boolean> };
  /** Closes the room in this window; the others in it are not touched. */
  'room:leave': { readonly request: undefined; readonly response: Outcome<boolean> };
  /** Tries again whatever the folder mirror could not do. */
  'mirror:retry': { readonly request: undefined; readonly response: Outcome<boolean> };
  /** The person has read a problem that needs no further try. */
  'problem:dismiss': { readonly request: { readonly id: string }; readonly response: Outcome<boolean> };
  'settings:person-name': { readonly request: { readonly name: string }; readonly response: Outcome<boolean> };
  'clipboard:write': { readonly request: { readonly text: string }; readonly response: Outcome<boolean> };
  'folder:reveal': { readonly request: { readonly fileId: string }; readonly response: Outcome<boolean> };
}

export type InvokeChannel = keyof InvokeChannels;
export type InvokeRequest<C extends InvokeChannel> = InvokeChannels[C]['request'];
export type InvokeResponse<C extends InvokeChannel> = InvokeChannels[C]['response'];
