import type { ReactElement } from 'react';
import { Icon } from '../primitives/icon.tsx';
import type { TalkDelivery } from '../talk-model.ts';

/** Why self cannot write. */
export function LockNote({ reason }: { readonly reason: string }): ReactElement {
  return (
    <p className="talk-note" role="note">
      <Icon name="lock" />
      <span>{reason}</span>
    </p>
  );
}

/** What is to be said about what was written here and others do not have yet; nothing when they do. */
export function DeliveryNote({ delivery }: { readonly delivery: TalkDelivery }): ReactElement {
  return (
    <div aria-live="polite">
      {delivery.kind === 'waiting' && (
        <p className="talk-note">
          <Icon name="cloud-upload" />
          <span>What was written here waits on this device. It is sent when the relay is reached again.</span>
        </p>
      )}
      {delivery.kind === 'refused' && (
        <p className="talk-note is-refused">
          <Icon name="error" />
          <span>What you wrote was not accepted: {delivery.explanation}</span>
        </p>
      )}
    </div>
  );
}
