import {
  DockviewReact,
  type DockviewReadyEvent,
  type DockviewTheme,
  type IDockviewHeaderActionsProps,
} from 'dockview-react';
import { type ReactElement, useEffect, useRef } from 'react';
import type { Disposable } from '../../../../shared/lifecycle/index.ts';
import { IconButton } from '../primitives/icon-button.tsx';
import { useServices } from '../workbench/workbench-services.ts';
import { EDITOR_COMPONENT } from './editor-area.ts';
import { EditorPane } from './editor-pane.tsx';
import { EditorTab } from './editor-tab.tsx';
import { Watermark } from './watermark.tsx';
import 'dockview-react/dist/styles/dockview.css';
import './editors.css';

const THEME: DockviewTheme = { name: 'tutti', className: 'dockview-theme-tutti', dndTabIndicator: 'line' };
const COMPONENTS = { [EDITOR_COMPONENT]: EditorPane };

/** Editor groups with tabs that can be dragged and split. */
export function EditorAreaView(): ReactElement {
  const { editorArea, explorer } = useServices();
  const attachment = useRef<Disposable>(undefined);
  useEffect(
    () => () => {
      attachment.current?.dispose();
      explorer.clear();
    },
    [explorer],
  );
  const onReady = ({ api }: DockviewReadyEvent) => {
    attachment.current = editorArea.attach(api);
  };
  return (
    <main className="editor-area" aria-label="Editors">
      <DockviewReact
        theme={THEME}
        components={COMPONENTS}
        defaultTabComponent={EditorTab}
        watermarkComponent={Watermark}
        rightHeaderActionsComponent={GroupActions}
        disableFloatingGroups
        proportionalLayout={false}
        scrollbars="custom"
        onReady={onReady}
      />
    </main>
  );
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
