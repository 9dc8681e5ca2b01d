import type { Command } from '../../../commands/index.ts';
import { mayRetry } from '../../status-bar/connection-text.ts';
import type { WorkbenchServices } from '../workbench-services.ts';

const UNSENT = 'Edits that were not sent yet stay on this device.';
const LOST = 'You cannot open it again without access to the room. Save a copy of the files first, if you need them.';

/** Commands about the room, its people and the connection to it. */
export function roomCommands({ model, state }: WorkbenchServices): readonly Command[] {
  const isOpen = () => model.workspace.state.get().kind === 'open';
  return [
    {
      id: 'room.invite',
      title: 'Invite and Share Links…',
      category: 'Room',
      keybindings: ['Mod+Shift+Y'],
      when: () => isOpen() && model.access.canManage.get(),
      run: () => state.dialog.set({ kind: 'share' }),
    },
    {
      id: 'room.join',
      title: 'Join with a Link…',
      category: 'Room',
      run: () => state.dialog.set({ kind: 'join', link: '' }),
    },
    {
      id: 'room.leave',
      title: 'Leave Room…',
      category: 'Room',
      when: isOpen,
      run: () =>
        state.dialog.set({
          kind: 'confirm',
          title: 'Leave this room?',
          detail: `The workspace is closed here. ${model.access.loss.get() ? LOST : UNSENT}`,
          confirmLabel: 'Leave',
          run: () => model.room.leaveRoom(),
        }),
    },
    {
      id: 'room.changeName',
      title: 'Change Your Name…',
      category: 'Room',
      run: () => state.dialog.set({ kind: 'name' }),
    },
    {
      id: 'connection.retry',
      title: 'Try to Connect Now',
      category: 'Room',
      when: () => mayRetry(model.connection.state.get(), model.connection.delay.get()),
      run: () => model.connection.retryNow(),
    },
  ];
}
