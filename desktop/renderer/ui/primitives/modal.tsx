import { Dialog } from '@base-ui/react/dialog';
import type { ReactElement, ReactNode } from 'react';
import { IconButton } from './icon-button.tsx';

interface ModalProps {
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly children: ReactNode;
  readonly isAlert?: boolean;
  readonly isWide?: boolean;
  readonly onClose: () => void;
}

/** A dialog in the middle of the window. Escape and a press outside close it; the focus goes back to where it was. */
export function Modal({
  title,
  description,
  children,
  isAlert = false,
  isWide = false,
  onClose,
}: ModalProps): ReactElement {
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="tutti-layer dialog-backdrop" />
        <Dialog.Viewport className="tutti-layer dialog-viewport">
          <Dialog.Popup className={isWide ? 'dialog dialog-wide' : 'dialog'} role={isAlert ? 'alertdialog' : 'dialog'}>
            <header className="dialog-header">
              <Dialog.Title className="dialog-title">{title}</Dialog.Title>
              <IconButton icon="close" label="Close" onPress={onClose} />
            </header>
            {description !== undefined && (
              <Dialog.Description className="dialog-description" render={<div />}>
                {description}
              </Dialog.Description>
            )}
            {children}
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
