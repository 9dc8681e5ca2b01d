import type { ReactElement } from 'react';
import { InviteForm } from '../people/invite-form.tsx';
import { Modal } from '../primitives/modal.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { JoinDialog } from './join-dialog.tsx';
import './dialogs.css';

/** The dialog that is open, if any. A link that came from outside waits until the others are closed. */
export function Dialogs(): ReactElement | null {
  const { model, state } = useServices();
  const dialog = useObservable(state.dialog);
  const pendingJoin = useObservable(model.workspace.pendingJoin);
  const roles = useObservable(model.room.invitableRoles);
  const close = () => state.dialog.set(undefined);
  if (dialog?.kind === 'confirm') return <ConfirmDialog dialog={dialog} onClose={close} />;
  if (dialog?.kind === 'join') return <JoinDialog link={dialog.link} pending={undefined} onClose={close} />;
  if (dialog?.kind === 'invite') {
    return (
      <Modal
        title="Invite to this room"
        description="Whoever has the link can join with it, any number of times; it does not expire and cannot be taken back here. Everybody in the room sees who is there."
        onClose={close}
      >
        {roles.length > 0 ? (
          <InviteForm roles={roles} initialRole={dialog.role} />
        ) : (
          <p className="form-error">You may not invite others. Ask an owner of the room for a link.</p>
        )}
      </Modal>
    );
  }
  if (pendingJoin) {
    return (
      <JoinDialog
        key={pendingJoin.link}
        link={pendingJoin.link}
        pending={pendingJoin}
        onClose={() => model.workspace.dismissPendingJoin()}
      />
    );
  }
  return null;
}
