import type { SaveState } from '../../../../shared/sync/connection-state.ts';

/** How a save state is said. */
export interface SaveMark {
  /** For the status bar. */
  readonly label: string;
  /** The whole truth in one sentence. */
  readonly description: string;
  readonly icon: string;
  /** Whether the tab carries a mark: the edits are not where everybody can get them. */
  readonly isPending: boolean;
}

/** Says where the edits of a file are. */
export function saveMark(state: SaveState): SaveMark {
  switch (state.kind) {
    case 'saving':
      return {
        label: 'Saving…',
        description: 'The last edits are not written on this device yet.',
        icon: 'sync',
        isPending: true,
      };
    case 'on-this-device':
      return {
        label: 'On this device',
        description: 'All edits are on this device. The relay does not have the last ones yet.',
        icon: 'device-desktop',
        isPending: true,
      };
    case 'on-the-relay':
      return {
        label: 'On the relay',
        description: 'All edits are stored on the relay.',
        icon: 'cloud',
        isPending: false,
      };
    case 'seen-by-all-present':
      return {
        label: 'Seen by all',
        description: 'All edits are stored on the relay and with everybody who has the file open.',
        icon: 'check-all',
        isPending: false,
      };
    case 'refused':
      return {
        label: 'Not accepted',
        description: `The last edits were not accepted: ${state.explanation}`,
        icon: 'error',
        isPending: true,
      };
  }
}
