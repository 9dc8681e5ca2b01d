import { type ReactElement, useEffect } from 'react';
import type { LinkForms, ListedRoomLink } from '../../../../shared/sync/administration/index.ts';
import { roleName } from '../people/role-names.ts';
import { IconButton } from '../primitives/icon-button.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { confirmRevokeLink } from './access-actions.ts';
import { linkName } from './link-name.ts';
import { describeLinkState } from './link-state.ts';
import { OverviewProblem } from './overview-problem.tsx';
import { describeTime } from './times.ts';

/** The links of the room, with what can be done about each. */
export function LinkList(): ReactElement {
  const { model } = useServices();
  const state = useObservable(model.access.overview);
  useEffect(() => void model.access.refresh(), [model]);
  const links = state.kind === 'ready' || state.kind === 'failed' ? state.overview?.links : undefined;
  return (
    <section className="links" aria-label="Links of this room">
      <h3 className="dialog-heading">Links of this room</h3>
      <OverviewProblem />
      {links?.length === 0 && <p className="form-note">There is none yet.</p>}
      {links && (
        <ul className="link-list">
          {links.map((link) => (
            <LinkRow key={link.linkId} link={link} />
          ))}
        </ul>
      )}
    </section>
  );
}

function LinkRow({ link }: { readonly link: ListedRoomLink }): ReactElement {
  const services = useServices();
  const { model, state } = services;
  const { isOpen, text } = describeLinkState(link, model.scheduler.now());
  const name = linkName(link);
  const copy = async (form: keyof LinkForms) => {
    const copied = await model.access.copyLink(link.linkId, form);
    if (copied.ok) state.showMessage('Link copied', model.scheduler);
    else state.reportOutcome('The link could not be copied.', copied);
  };
  return (
    <li className={isOpen ? 'link-row' : 'link-row is-closed'}>
      <div className="link-row-text">
        <span className="ellipsis" title={`${name}\nMade ${describeTime(link.createdAtMs)}`}>
          <bdi>{name}</bdi> <span className="role-badge">{roleName(link.role)}</span>
          {link.needsApproval && <span className="role-badge">Needs approval</span>}
        </span>
        <span className="link-row-state">{text}</span>
        {link.paths && (
          <span className="link-row-state ellipsis" title={link.paths.join('\n')}>
            Only <bdi>{link.paths.join(', ')}</bdi>
          </span>
        )}
        {isOpen && !link.isCopyable && link.role !== 'owner' && (
          <span className="link-row-state">Made elsewhere: only the device that made it can copy it.</span>
        )}
      </div>
      {isOpen && link.isCopyable && (
        <>
          <IconButton icon="copy" label={`Copy ${name}`} onPress={() => void copy('url')} />
          <IconButton icon="window" label={`Copy ${name} for the app`} onPress={() => void copy('appUrl')} />
        </>
      )}
      {link.revokedAtMs === undefined && link.role !== 'owner' && (
        <IconButton icon="trash" label={`Revoke ${name}…`} onPress={() => void confirmRevokeLink(services, link)} />
      )}
    </li>
  );
}
