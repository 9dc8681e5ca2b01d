import type { ConnectionState } from '../../../../shared/sync/connection-state.ts';

/** The connection in words. */
export interface ConnectionText {
  readonly label: string;
  readonly description: string;
  readonly icon: string;
  readonly isBusy: boolean;
  readonly tone: 'normal' | 'warning' | 'error';
  /** A try can be asked for. */
  readonly canRetry: boolean;
}

const KEPT = 'Your edits are kept on this device and merge when the connection is back.';

/**
 * Says the truth about the connection at `nowMs`.
 * @param isOffline edits have not been synced for a while, so that people must know that they work alone
 */
export function connectionText(state: ConnectionState, isOffline: boolean, nowMs: number): ConnectionText {
  const tone = isOffline ? 'warning' : 'normal';
  const prefix = isOffline ? 'Offline' : '';
  switch (state.kind) {
    case 'connecting':
      return {
        label: isOffline ? 'Offline: connecting…' : 'Connecting…',
        description: isOffline ? `The relay has not answered yet. ${KEPT}` : 'Connecting to the relay.',
        icon: 'sync',
        isBusy: true,
        tone,
        canRetry: false,
      };
    case 'catching-up':
      return {
        label: 'Catching up…',
        description: `Connected. What changed meanwhile is being exchanged.${isOffline ? ` ${KEPT}` : ''}`,
        icon: 'sync',
        isBusy: true,
        tone,
        canRetry: false,
      };
    case 'online':
      return {
        label: 'Online',
        description: 'Connected to the relay. Edits are sent as you type.',
        icon: 'pass',
        isBusy: false,
        tone: 'normal',
        canRetry: false,
      };
    case 'reconnecting': {
      const seconds = Math.max(0, Math.ceil((state.nextTryAtMs - nowMs) / 1000));
      const next = seconds === 0 ? 'trying again…' : `next try in ${seconds} s`;
      return {
        label: prefix === '' ? `Reconnecting: ${next}` : `${prefix}: ${next}`,
        description: `${state.explanation} ${KEPT}`,
        icon: isOffline ? 'debug-disconnect' : 'sync',
        isBusy: seconds === 0 && !isOffline,
        tone,
        canRetry: true,
      };
    }
    case 'ended':
      return {
        label: 'Disconnected',
        description: `${state.explanation} Your edits are kept on this device.`,
        icon: 'circle-slash',
        isBusy: false,
        tone: 'error',
        canRetry: true,
      };
  }
}

/** What a screen reader says when the connection changes; without a countdown, which would never stop talking. */
export function connectionAnnouncement(state: ConnectionState | undefined, isOffline: boolean): string {
  if (!state) return '';
  if (state.kind === 'online') return 'Online.';
  if (state.kind === 'ended') return `Disconnected. ${state.explanation}`;
  return isOffline ? `Offline. ${KEPT}` : '';
}
