import { Tooltip } from '@base-ui/react/tooltip';
import type { ReactElement } from 'react';
import { AccessBanner } from '../access/access-banner.tsx';
import { Dialogs } from '../dialogs/dialogs.tsx';
import { EditorAreaView } from '../editors/editor-area-view.tsx';
import { Notifications } from '../notifications/notifications.tsx';
import { QuickInput } from '../quick-input/quick-input.tsx';
import { StatusBar } from '../status-bar/status-bar.tsx';
import { TitleBar } from '../title-bar/title-bar.tsx';
import { Welcome } from '../welcome/welcome.tsx';
import { ActivityBar } from './activity-bar.tsx';
import { PartBoundary } from './part-boundary.tsx';
import { SideBar } from './side-bar.tsx';
import { useObservable } from './use-observable.ts';
import { useServices } from './workbench-services.ts';
import '../primitives/primitives.css';
import './workbench.css';

const TOOLTIP_DELAY_MS = 500;

/** The whole window. */
export function Workbench(): ReactElement {
  const { model } = useServices();
  const isOpen = useObservable(model.workspace.state).kind === 'open';
  return (
    <Tooltip.Provider delay={TOOLTIP_DELAY_MS}>
      <div className="tutti-workbench">
        <PartBoundary part="The title bar">
          <TitleBar />
        </PartBoundary>
        <PartBoundary part="The notice about your access">
          <AccessBanner />
        </PartBoundary>
        <div className="workbench-middle">
          <PartBoundary part="The side bar">
            <ActivityBar />
            <SideBar />
          </PartBoundary>
          <PartBoundary part="The editor area">{isOpen ? <EditorAreaView /> : <Welcome />}</PartBoundary>
        </div>
        <PartBoundary part="The status bar">
          <StatusBar />
        </PartBoundary>
        <PartBoundary part="The notifications">
          <Notifications />
        </PartBoundary>
        <PartBoundary part="The dialog">
          <QuickInput />
          <Dialogs />
        </PartBoundary>
      </div>
    </Tooltip.Provider>
  );
}
