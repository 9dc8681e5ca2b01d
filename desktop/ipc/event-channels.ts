import type { TransfersState } from './blob-channels.ts';
import type { MirrorState } from './mirror-channels.ts';
import type { ProblemReport, WorkspaceStatus } from './workspace-status.ts';

/** Messages from the main process to a window. */
export interface EventChannels {
  'workspace:status': WorkspaceStatus;
  'workspace:recent-folders': readonly string[];
  problem: ProblemReport;
  /** How far the folder of a room is. */
  'mirror:state': { readonly room: string; readonly state: MirrorState };
  /** What is on its way between this device and the relay of a room. */
  'blob:transfers': { readonly room: string; readonly state: TransfersState };
  /** The relay has taken an event of this device into the history of a room. */
  'history:posted': { readonly room: string };
  /** A menu entry was chosen. */
  command: { readonly id: string };
  /** The app was opened with a link while it ran. */
  'join-requested': { readonly link: string; readonly mirrorFolder?: string | undefined };
  /** `room:join` waits for an owner; `message` says so in the relay's words. */
  'join-waiting': { readonly message: string };
}

export type EventChannel = keyof EventChannels;

/** Channel that carries the window's MessagePort to the room engine. */
export type SessionPortChannel = 'session:port';

/** `data` of the window message that hands the port over to the page. */
export type SessionPortMessage = 'tutti-session-port';
