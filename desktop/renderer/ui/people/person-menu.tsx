import { Menu } from '@base-ui/react/menu';
import type { ReactElement } from 'react';
import type { PersonSession } from '../../../../shared/sync/administration/index.ts';
import { confirmEndSession, confirmRemovePerson, setPresenter } from '../access/access-actions.ts';
import { describeDistance } from '../access/times.ts';
import { Icon } from '../primitives/icon.tsx';
import { QuotedText } from '../primitives/quoted-text.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';

interface PersonMenuProps {
  readonly subject: string;
  /** The name, with what tells the person apart from others who have it. */
  readonly label: string;
  readonly isSelf: boolean;
  readonly canPresent: boolean;
  readonly sessions: readonly PersonSession[];
}

/** What owners can do about somebody. */
export function PersonMenu({ subject, label, isSelf, canPresent, sessions }: PersonMenuProps): ReactElement {
  const services = useServices();
  const { model } = services;
  const state = useObservable(model.access.overview);
  const presenter = state.kind === 'ready' ? state.overview.settings.presenter : undefined;
  const isPresenting = presenter === subject;
  const open = sessions.filter(({ isRevoked }) => !isRevoked);
  const present = isPresenting ? 'Stop Presenting' : isSelf ? 'Present' : `Let ${label} Present`;
  return (
    <Menu.Root>
      <Menu.Trigger className="icon-button" aria-label={`More actions for ${label}`} title="More actions">
        <Icon name="ellipsis" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="tutti-layer layer-menu" align="end" sideOffset={2}>
          <Menu.Popup className="menu">
            {(canPresent || isPresenting) && (
              <Menu.Item
                className="menu-item"
                onClick={() => void setPresenter(services, isPresenting ? undefined : subject)}
              >
                <span className="menu-item-label ellipsis">
                  <QuotedText text={present} quoted={isSelf ? [] : [label]} />
                </span>
              </Menu.Item>
            )}
            {!isSelf && (
              <>
                {(canPresent || isPresenting) && <Menu.Separator className="menu-separator" />}
                {open.map((session) => (
                  <Menu.Item
                    key={session.sessionId}
                    className="menu-item"
                    onClick={() => confirmEndSession(services, label, session)}
                  >
                    {open.length === 1
                      ? 'End This Session…'
                      : `End Session, Seen ${describeDistance(session.lastSeenMs, model.scheduler.now())}…`}
                  </Menu.Item>
                ))}
                <Menu.Item className="menu-item" onClick={() => confirmRemovePerson(services, subject, label)}>
                  Remove…
                </Menu.Item>
              </>
            )}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
