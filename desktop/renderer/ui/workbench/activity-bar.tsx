import { Tooltip } from '@base-ui/react/tooltip';
import type { ReactElement } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { TooltipPopup } from '../primitives/icon-button.tsx';
import { useObservable } from './use-observable.ts';
import { useServices } from './workbench-services.ts';
import type { SideBarView } from './workbench-state.ts';

interface ActivityItemProps {
  readonly view: SideBarView;
  readonly label: string;
  readonly icon: string;
  readonly badge?: Badge | undefined;
}

interface Badge {
  readonly count: number;
  /** Follows the count where it is read out. */
  readonly meaning: string;
}

/** The views of the side bar. */
export function ActivityBar(): ReactElement {
  const { model } = useServices();
  const others = useObservable(model.room.participants).filter(({ isSelf }) => !isSelf).length;
  const unread = useObservable(model.chat.unreadCount);
  const open = useObservable(model.comments.threads).filter(({ isResolved }) => !isResolved).length;
  const changed = useObservable(model.away.newCount);
  const canManage = useObservable(model.access.canManage);
  const state = useObservable(model.access.overview);
  const overview = state.kind === 'ready' || state.kind === 'failed' ? state.overview : undefined;
  const requests = overview?.requests.length ?? 0;
  const asking = requests > 0 ? { count: requests, meaning: 'asking to join' } : undefined;
  return (
    <nav className="activity-bar" aria-label="Views">
      <ActivityItem view="explorer" label="Explorer" icon="files" />
      <ActivityItem
        view="people"
        label="People"
        icon="organization"
        badge={asking ?? { count: others, meaning: 'others here' }}
      />
      <ActivityItem view="chat" label="Chat" icon="comment-discussion" badge={{ count: unread, meaning: 'unread' }} />
      <ActivityItem view="comments" label="Comments" icon="comment" badge={{ count: open, meaning: 'unresolved' }} />
      <ActivityItem
        view="changes"
        label="Changes"
        icon="git-compare"
        badge={{ count: changed, meaning: changed === 1 ? 'file to look at' : 'files to look at' }}
      />
      {canManage && (
        <ActivityItem
          view="proposals"
          label="Proposals"
          icon="git-pull-request"
          badge={{ count: overview?.proposals.length ?? 0, meaning: 'to look at' }}
        />
      )}
    </nav>
  );
}

function ActivityItem({ view, label, icon, badge }: ActivityItemProps): ReactElement {
  const { state } = useServices();
  const isShown = useObservable(state.isSideBarVisible);
  const isActive = useObservable(state.sideBarView) === view && isShown;
  const press = () => {
    if (isActive) state.isSideBarVisible.set(false);
    else state.showSideBar(view);
  };
  const shownBadge = badge && badge.count > 0 ? badge : undefined;
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        render={
          <button
            type="button"
            className={isActive ? 'activity-item is-active' : 'activity-item'}
            aria-label={shownBadge ? `${label}, ${shownBadge.count} ${shownBadge.meaning}` : label}
            aria-pressed={isActive}
            onClick={press}
          />
        }
      >
        <Icon name={icon} />
        {shownBadge && <span className="activity-badge">{shownBadge.count > 99 ? '99+' : shownBadge.count}</span>}
      </Tooltip.Trigger>
      <TooltipPopup text={label} side="right" />
    </Tooltip.Root>
  );
}
