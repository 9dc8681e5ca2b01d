import type { ReactElement } from 'react';
import { Modal } from '../primitives/modal.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { LinkForm } from './link-form.tsx';
import { LinkList } from './link-list.tsx';
import './access.css';

/** Makes share links, and shows those that there are. */
export function ShareDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const { model } = useServices();
  const canManage = useObservable(model.access.canManage);
  return (
    <Modal
      title="Share this room"
      description="Whoever has a link can join with it, in a browser or in the app. Everybody in the room sees who is there."
      isWide
      onClose={onClose}
    >
      {canManage ? (
        <>
          <LinkForm />
          <LinkList />
        </>
      ) : (
        <p className="form-error">You may not invite others. Ask an owner of the room for a link.</p>
      )}
    </Modal>
  );
}
