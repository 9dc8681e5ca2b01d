import type { ReactElement } from 'react';
import { Modal } from '../primitives/modal.tsx';
import { QuotedText } from '../primitives/quoted-text.tsx';
import { usePendingAction } from '../primitives/use-pending-action.ts';
import type { DialogAlternative, DialogState } from '../workbench/workbench-state.ts';

interface ConfirmDialogProps {
  readonly dialog: DialogState & { readonly kind: 'confirm' };
  readonly onClose: () => void;
}

/** Asks before something that others will notice, or that cannot be undone. Stays open, with the reason, when it fails. */
export function ConfirmDialog({ dialog, onClose }: ConfirmDialogProps): ReactElement {
  const { isDangerous = false, alternatives = [] } = dialog;
  const action = usePendingAction();
  const close = () => {
    onClose();
    dialog.restoreFocus?.();
  };
  const take = ({ run, closes }: DialogAlternative) => action.start(run, closes ? close : () => undefined);
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
      {alternatives.length > 0 && (
        <div className="dialog-alternatives">
          {alternatives.map((alternative) => (
            <button
              key={alternative.label}
              type="button"
              className="button button-secondary"
              disabled={action.isPending}
              onClick={() => take(alternative)}
            >
              {alternative.label}
            </button>
          ))}
        </div>
      )}
      <footer className="dialog-actions">
        <button type="button" className="button button-secondary" autoFocus={isDangerous} onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          className={isDangerous ? 'button button-danger' : 'button'}
          autoFocus={!isDangerous}
          disabled={action.isPending}
          onClick={() => action.start(dialog.run, close)}
        >
          {dialog.confirmLabel}
        </button>
      </footer>
    </Modal>
  );
}
