import { Tooltip } from '@base-ui/react/tooltip';
import type { ReactElement } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { TooltipPopup } from '../primitives/icon-button.tsx';
import { useObservable } from './use-observable.ts';
import { useServices } from './workbench-services.ts';
import type { SideBarView } from './workbench-state.ts';

const VIEWS: readonly { readonly view: SideBarView; readonly label: string; readonly icon: string }[] = [
  { view: 'explorer', label: 'Explorer', icon: 'files' },
  { view: 'people', label: 'People', icon: 'organization' },
];

/** The views of the side bar. */
export function ActivityBar(): ReactElement {
  return (
    <nav className="activity-bar" aria-label="Views">
      {VIEWS.map((entry) => (
        <ActivityItem key={entry.view} {...entry} />
      ))}
    </nav>
  );
}

function ActivityItem({ view, label, icon }: (typeof VIEWS)[number]): ReactElement {
  const { model, state } = useServices();
  const isShown = useObservable(state.isSideBarVisible);
  const isActive = useObservable(state.sideBarView) === view && isShown;
  const others = useObservable(model.room.participants).filter(({ isSelf }) => !isSelf).length;
  const badge = view === 'people' && others > 0 ? others : undefined;
  const press = () => {
    if (isActive) state.isSideBarVisible.set(false);
    else state.showSideBar(view);
  };
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        render={
          <button
            type="button"
            className={isActive ? 'activity-item is-active' : 'activity-item'}
            aria-label={badge === undefined ? label : `${label}, ${badge} others here`}
            aria-pressed={isActive}
            onClick={press}
          />
        }
      >
        <Icon name={icon} />
        {badge !== undefined && <span className="activity-badge">{badge}</span>}
      </Tooltip.Trigger>
      <TooltipPopup text={label} side="right" />
    </Tooltip.Root>
  );
}
