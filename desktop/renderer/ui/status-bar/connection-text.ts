import type { ConnectionState } from '../../../../shared/sync/connection-state.ts';
import type { ConnectionDelay } from '../workbench-model.ts';

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
 * Says the truth about the connection at `nowMs` of the scheduler's `elapsedMs`.
 * @param delay why edits have not been synced for a while, so that people must know that they work alone
 */
export function connectionText(state: ConnectionState, delay: ConnectionDelay, nowMs: number): ConnectionText {
  const isOffline = isOfflineSign(delay);
  const canRetry = mayRetry(state, delay);
  const tone = isOffline ? 'warning' : 'normal';
  switch (state.kind) {
    case 'connecting':
      return {
        label: isOffline ? 'Offline: connecting…' : 'Connecting…',
        description: isOffline ? `The relay has not answered yet. ${KEPT}` : 'Connecting to the relay.',
        icon: 'sync',
        isBusy: true,
        tone,
        canRetry,
      };
    case 'catching-up':
    case 'online':
      return connectedText(state, delay, canRetry);
    case 'reconnecting': {
      const seconds = Math.max(0, Math.ceil((state.nextTryAtMs - nowMs) / 1000));
      const next = seconds === 0 ? 'trying again…' : `next try in ${seconds} s`;
      return {
        label: isOffline ? `Offline: ${next}` : `Reconnecting: ${next}`,
        description: `${state.explanation} ${KEPT}`,
        icon: isOffline ? 'debug-disconnect' : 'sync',
        isBusy: seconds === 0 && !isOffline,
        tone,
        canRetry,
      };
    }
    case 'ended':
      return {
        label: 'Disconnected',
        description: `${state.explanation} Your edits are kept on this device.`,
        icon: 'circle-slash',
        isBusy: false,
        tone: 'error',
        canRetry,
      };
  }
}

function connectedText({ kind }: ConnectionState, delay: ConnectionDelay, canRetry: boolean): ConnectionText {
  if (delay === 'no-answer') {
    return {
      label: 'Offline: no answer',
      description: `The connection stands, but the relay does not answer. ${KEPT}`,
      icon: 'debug-disconnect',
      isBusy: false,
      tone: 'warning',
      canRetry,
    };
  }
  if (kind === 'catching-up') {
    return {
      label: 'Catching up…',
      description: 'Connected. What changed meanwhile is being exchanged.',
      icon: 'sync',
      isBusy: true,
      tone: 'normal',
      canRetry,
    };
  }
  if (delay === 'no-ack') {
    return {
      label: 'Online: sending…',
      description:
        'The relay answers, but does not have your last edits yet. They are kept on this device until it does.',
      icon: 'sync',
      isBusy: true,
      tone: 'normal',
      canRetry,
    };
  }
  return {
    label: 'Online',
    description: 'Connected to the relay. Edits are sent as you type.',
    icon: 'pass',
    isBusy: false,
    tone: 'normal',
    canRetry,
  };
}

/** Whether people work alone for the time being. */
export function isOfflineSign(delay: ConnectionDelay): boolean {
  return delay === 'no-connection' || delay === 'no-answer';
}

/** Whether a try can be asked for. */
export function mayRetry(state: ConnectionState | undefined, delay: ConnectionDelay): boolean {
  if (state?.kind === 'ended') return state.isFinal !== true;
  return state?.kind === 'reconnecting' || (state !== undefined && delay === 'no-answer');
}

/** What a screen reader says when the connection changes; without a countdown, which would never stop talking. */
export function connectionAnnouncement(state: ConnectionState | undefined, delay: ConnectionDelay): string {
  if (!state) return '';
  if (state.kind === 'ended') return `Disconnected. ${state.explanation}`;
  if (isOfflineSign(delay)) return `Offline. ${KEPT}`;
  return state.kind === 'online' ? 'Online.' : '';
}
