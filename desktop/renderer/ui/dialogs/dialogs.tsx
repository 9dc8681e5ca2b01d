import type { ReactElement } from 'react';
import { ShareDialog } from '../access/share-dialog.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { JoinDialog } from './join-dialog.tsx';
import { NameDialog } from './name-dialog.tsx';
import { WaitingDialog } from './waiting-dialog.tsx';
import './dialogs.css';

/** The dialog that is open, if any. A link that came from outside waits until the others are closed. */
export function Dialogs(): ReactElement | null {
  const { model, state } = useServices();
  const dialog = useObservable(state.dialog);
  const pendingJoin = useObservable(model.workspace.pendingJoin);
  const approvalNotice = useObservable(model.workspace.approvalNotice);
  const close = () => state.dialog.set(undefined);
  if (dialog?.kind === 'confirm') return <ConfirmDialog dialog={dialog} onClose={close} />;
  if (dialog?.kind === 'join') return <JoinDialog link={dialog.link} pending={undefined} onClose={close} />;
  if (dialog?.kind === 'share') return <ShareDialog onClose={close} />;
  if (dialog?.kind === 'name') return <NameDialog onClose={close} />;
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
  // A page that was opened again asks by itself.
  if (approvalNotice !== undefined) {
    return <WaitingDialog name={undefined} notice={approvalNotice} onCancel={() => model.workspace.cancelJoin()} />;
  }
  return null;
}
