import { type ReactElement, useId, useState } from 'react';
import type { Role } from '../../../../shared/access/index.ts';
import { Icon } from '../primitives/icon.tsx';
import { usePendingAction } from '../primitives/use-pending-action.ts';
import type { ShareLinkOutcome } from '../workbench-model.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { roleAbility, roleName } from './role-names.ts';

interface InviteFormProps {
  readonly roles: readonly Role[];
  readonly initialRole: Role | undefined;
}

/** Makes a share link for a role and copies it. */
export function InviteForm({ roles, initialRole }: InviteFormProps): ReactElement {
  const { model } = useServices();
  const preferred = initialRole ?? (roles.includes('editor') ? 'editor' : roles[0]);
  const [role, setRole] = useState(preferred ?? 'viewer');
  const [made, setMade] = useState<ShareLinkOutcome>();
  const action = usePendingAction();
  const selectId = useId();
  const create = () =>
    action.start(
      async () => {
        const outcome = await model.room.createShareLink(role);
        setMade(outcome);
        return outcome;
      },
      () => undefined,
    );
  const choose = (value: string) => {
    const next = roles.find((candidate) => candidate === value);
    if (next) setRole(next);
    setMade(undefined);
    action.reset();
  };
  return (
    <div className="invite-form">
      <label htmlFor={selectId}>Whoever has the link</label>
      <select id={selectId} className="select" value={role} onChange={(event) => choose(event.target.value)}>
        {roles.map((candidate) => (
          <option key={candidate} value={candidate}>
            {roleAbility(candidate)} ({roleName(candidate)})
          </option>
        ))}
      </select>
      <button type="button" className="button" disabled={action.isPending} onClick={create}>
        <Icon name={action.isPending ? 'loading' : 'link'} isSpinning={action.isPending} /> Create and Copy Link
      </button>
      <div aria-live="polite">
        {action.explanation !== undefined && <p className="form-error">{action.explanation}</p>}
        {made?.ok && <MadeLink link={made.link} isCopied={made.isCopied} />}
      </div>
    </div>
  );
}

function MadeLink({ link, isCopied }: { readonly link: string; readonly isCopied: boolean }): ReactElement {
  return (
    <>
      <p className="form-note">
        {isCopied ? 'The link is on the clipboard. Send it only to whom you trust.' : 'Copy this link by hand:'}
      </p>
      <input
        className="input"
        readOnly
        aria-label="Share link"
        value={link}
        onFocus={(event) => event.target.select()}
      />
    </>
  );
}
