import {
  DockviewReact,
  type DockviewReadyEvent,
  type DockviewTheme,
  type IDockviewPanel,
  type IDockviewHeaderActionsProps,
} from 'dockview-react';
import { type ReactElement, useEffect, useRef } from 'react';
import { type Disposable, DisposableStore } from '../../../../shared/lifecycle/index.ts';
import { AuditPage } from '../access/audit-page.tsx';
import { ProposalPage } from '../access/proposal-page.tsx';
import { ChangePage } from '../changes/change-page.tsx';
import { StoragePage } from '../storage/storage-page.tsx';
import { MirrorPage } from '../mirror/mirror-page.tsx';
import { showMirrorQuestions } from '../mirror/show-questions.ts';
import { IconButton } from '../primitives/icon-button.tsx';
import { filesById } from '../workbench/use-file.ts';
import { useServices, type WorkbenchServices } from '../workbench/workbench-services.ts';
import { baseName, listedFiles } from '../workbench/workspace-files.ts';
import {
  AUDIT_COMPONENT,
  CHANGE_COMPONENT,
  EDITOR_COMPONENT,
  fileIdOf,
  MIRROR_COMPONENT,
  PAGE_TAB_COMPONENT,
  PROPOSAL_COMPONENT,
  STORAGE_COMPONENT,
} from './editor-area.ts';
import { EditorPane } from './editor-pane.tsx';
import { LayoutKeeper } from './layout-keeper.ts';
import { EditorTab } from './editor-tab.tsx';
import { PageTab } from './page-tab.tsx';
import { TabFollower } from './tab-follower.ts';
import { Watermark } from './watermark.tsx';
import 'dockview-react/dist/styles/dockview.css';
import './editors.css';

const THEME: DockviewTheme = { name: 'tutti', className: 'dockview-theme-tutti', dndTabIndicator: 'line' };
const COMPONENTS = {
  [EDITOR_COMPONENT]: EditorPane,
  [PROPOSAL_COMPONENT]: ProposalPage,
  [AUDIT_COMPONENT]: AuditPage,
  [STORAGE_COMPONENT]: StoragePage,
  [CHANGE_COMPONENT]: ChangePage,
  [MIRROR_COMPONENT]: MirrorPage,
};
const TAB_COMPONENTS = { [PAGE_TAB_COMPONENT]: PageTab };

/** Editor groups with tabs that can be dragged and split. */
export function EditorAreaView(): ReactElement {
  const services = useServices();
  const { editorArea, explorer } = services;
  const attachment = useRef<Disposable>(undefined);
  useEffect(
    () => () => {
      attachment.current?.dispose();
      explorer.clear();
    },
    [explorer],
  );
  const onReady = ({ api }: DockviewReadyEvent) => {
    const store = new DisposableStore();
    store.add(editorArea.attach(api));
    store.add(new LayoutKeeper(services, api));
    store.add(new TabFollower(services, api));
    store.add(showMirrorQuestions(services));
    attachment.current = store;
  };
  return (
    <main className="editor-area" aria-label="Editors">
      <DockviewReact
        theme={THEME}
        components={COMPONENTS}
        tabComponents={TAB_COMPONENTS}
        defaultTabComponent={EditorTab}
        watermarkComponent={Watermark}
        rightHeaderActionsComponent={GroupActions}
        disableFloatingGroups
        proportionalLayout={false}
        scrollbars="custom"
        getAnnouncement={({ kind, panel }) => announcement(services, kind, panel)}
        onReady={onReady}
      />
    </main>
  );
}

/** What a screen reader says of a tab; the docking component would name it by its id. */
function announcement({ model }: WorkbenchServices, kind: string, panel: IDockviewPanel): string | undefined {
  if (kind !== 'open' && kind !== 'close') return undefined;
  const file = filesById(listedFiles(model.workspace.state.get())).get(fileIdOf(panel) ?? '');
  const title = panel.title === panel.id ? undefined : panel.title;
  const name = file ? baseName(file.path) : (title ?? 'A file');
  return `${name} ${kind === 'open' ? 'opened' : 'closed'}`;
}

function GroupActions({ isGroupActive, panels }: IDockviewHeaderActionsProps): ReactElement | null {
  const { commands } = useServices();
  if (!isGroupActive || panels.length === 0) return null;
  return (
    <div className="group-actions">
      <IconButton icon="split-horizontal" label="Split Editor Right" onPress={() => commands.run('editor.split')} />
    </div>
  );
}
