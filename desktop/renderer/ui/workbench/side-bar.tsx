import type { KeyboardEvent, PointerEvent, ReactElement } from 'react';
import { ProposalsView } from '../access/proposals-view.tsx';
import { ChangesView } from '../changes/changes-view.tsx';
import { Explorer } from '../explorer/explorer.tsx';
import { People } from '../people/people.tsx';
import { ChatView } from '../talk/chat-view.tsx';
import { CommentsView } from '../talk/comments-view.tsx';
import { useObservable } from './use-observable.ts';
import { useServices } from './workbench-services.ts';
import { MAX_SIDE_BAR_WIDTH_PX, MIN_SIDE_BAR_WIDTH_PX, type SideBarView } from './workbench-state.ts';

const STEP_PX = 20;

const TITLES: Record<SideBarView, string> = {
  explorer: 'Explorer',
  people: 'People',
  chat: 'Chat',
  comments: 'Comments',
  changes: 'Changes',
  proposals: 'Proposals',
};
const CONTENTS: Record<SideBarView, () => ReactElement> = {
  explorer: Explorer,
  people: People,
  chat: ChatView,
  comments: CommentsView,
  changes: ChangesView,
  proposals: ProposalsView,
};

/** The side bar with its view, and the edge that changes its width. */
export function SideBar(): ReactElement | null {
  const { state } = useServices();
  const view = useObservable(state.sideBarView);
  const isVisible = useObservable(state.isSideBarVisible);
  const widthPx = useObservable(state.sideBarWidthPx);
  const Content = CONTENTS[view];
  if (!isVisible) return null;
  return (
    <aside className="side-bar" style={{ width: widthPx }} aria-label={TITLES[view]}>
      <h2 className="side-bar-title">{TITLES[view]}</h2>
      <div className="side-bar-content">
        <Content />
      </div>
      <Sash widthPx={widthPx} />
    </aside>
  );
}

function Sash({ widthPx }: { readonly widthPx: number }): ReactElement {
  const { state } = useServices();
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const left = event.currentTarget.parentElement?.getBoundingClientRect().left ?? 0;
    state.setSideBarWidth(event.clientX - left);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowLeft') state.setSideBarWidth(widthPx - STEP_PX);
    else if (event.key === 'ArrowRight') state.setSideBarWidth(widthPx + STEP_PX);
    else return;
    event.preventDefault();
  };
  return (
    <div
      className="sash"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the side bar"
      aria-valuenow={widthPx}
      aria-valuemin={MIN_SIDE_BAR_WIDTH_PX}
      aria-valuemax={MAX_SIDE_BAR_WIDTH_PX}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onPointerMove}
      onDoubleClick={() => state.setSideBarWidth(260)}
      onKeyDown={onKeyDown}
    />
  );
}
