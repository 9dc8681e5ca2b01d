import type { ReactElement } from 'react';
import { Modal } from '../primitives/modal.tsx';
import { QuotedText } from '../primitives/quoted-text.tsx';
import { usePendingAction } from '../primitives/use-pending-action.ts';
import type { DialogState } from '../workbench/workbench-state.ts';

interface ConfirmDialogProps {
  readonly dialog: DialogState & { readonly kind: 'confirm' };
  readonly onClose: () => void;
}

/** Asks before something that others will notice. Stays open, with the reason, when it fails. */
export function ConfirmDialog({ dialog, onClose }: ConfirmDialogProps): ReactElement {
  const action = usePendingAction();
  const close = () => {
    onClose();
    dialog.restoreFocus?.();
  };
  return (
    <Modal
      title={<QuotedText text={dialog.title} quoted={dialog.quoted} />}
      description={<QuotedText text={dialog.detail} quoted={dialog.quoted} />}
      isAlert
      onClose={close}
    >
      {action.explanation !== undefined && (
        <p className="form-error" role="alert">
          {action.explanation}
        </p>
      )}
      <footer className="dialog-actions">
        <button type="button" className="button button-secondary" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          className="button"
          autoFocus
          disabled={action.isPending}
          onClick={() => action.start(dialog.run, close)}
        >
          {dialog.confirmLabel}
        </button>
      </footer>
    </Modal>
  );
}
