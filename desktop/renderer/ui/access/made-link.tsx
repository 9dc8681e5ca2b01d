import type { ReactElement } from 'react';
import type { LinkForms } from '../../../../shared/sync/administration/index.ts';
import { useServices } from '../workbench/workbench-services.ts';

interface MadeLinkProps {
  readonly forms: LinkForms;
  /** Whether the browser's form went to the clipboard. */
  readonly isCopied: boolean;
}

/** A link that was made just now, in both of its forms. */
export function MadeLink({ forms, isCopied }: MadeLinkProps): ReactElement {
  return (
    <div className="made-link">
      <p className="form-note">
        {isCopied ? 'The link is on the clipboard. Send it only to whom you trust.' : 'Copy this link by hand:'}
      </p>
      <LinkText label="Share link" link={forms.url} />
      <LinkText label="Link for the app" link={forms.appUrl} />
    </div>
  );
}

function LinkText({ label, link }: { readonly label: string; readonly link: string }): ReactElement {
  const { model, state } = useServices();
  const copy = async () => {
    const copied = await model.access.copyText(link);
    if (copied.ok) state.showMessage('Link copied', model.scheduler);
    else state.reportOutcome('The link could not be copied.', copied);
  };
  return (
    <div className="link-text">
      <input className="input" readOnly aria-label={label} value={link} onFocus={({ target }) => target.select()} />
      <button
        type="button"
        className="button button-secondary"
        aria-label={`Copy: ${label}`}
        onClick={() => void copy()}
      >
        Copy
      </button>
    </div>
  );
}
