import type { ReactElement } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { Modal } from '../primitives/modal.tsx';

interface WaitingDialogProps {
  /** Under which self asked, when that is known. */
  readonly name: string | undefined;
  /** In the relay's words. */
  readonly notice: string;
  readonly onCancel: () => void;
}

/** Shown until an owner has let self in, or not. */
export function WaitingDialog({ name, notice, onCancel }: WaitingDialogProps): ReactElement {
  return (
    <Modal title="Waiting for an owner to let you in…" onClose={onCancel}>
      <div className="waiting" role="status">
        <Icon name="loading" isSpinning />
        <span>
          {notice}
          {name !== undefined && (
            <>
              {' '}
              You asked as{' '}
              <strong>
                <bdi>{name}</bdi>
              </strong>
              .
            </>
          )}{' '}
          Leave this open: the room opens by itself.
        </span>
      </div>
      <footer className="dialog-actions">
        <button type="button" className="button button-secondary" autoFocus onClick={onCancel}>
          Cancel
        </button>
      </footer>
    </Modal>
  );
}
