import { type FormEvent, type ReactElement, useState } from 'react';
import { Modal } from '../primitives/modal.tsx';
import { usePendingAction } from '../primitives/use-pending-action.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { Field } from './field.tsx';

/** Asks what self is to be called. */
export function NameDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const { model } = useServices();
  const own = model.room.participants.get().find(({ isSelf }) => isSelf);
  const [name, setName] = useState(own?.name ?? model.workspace.displayName.get());
  const action = usePendingAction();
  const chosen = name.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (chosen !== '') action.start(() => model.workspace.changeName(chosen), onClose);
  };
  return (
    <Modal
      title="Change your name"
      description="The others see it at once, or as soon as the relay is reached. It is kept on this device, for all rooms."
      onClose={onClose}
    >
      <form className="dialog-form" onSubmit={submit}>
        <Field
          label="Your name"
          value={name}
          placeholder="Shown to the others"
          hasFocus
          isSelected
          onChange={setName}
        />
        {action.explanation !== undefined && (
          <p className="form-error" role="alert">
            {action.explanation}
          </p>
        )}
        <footer className="dialog-actions">
          <button type="button" className="button button-secondary" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button" disabled={chosen === '' || action.isPending}>
            Change Name
          </button>
        </footer>
      </form>
    </Modal>
  );
}
