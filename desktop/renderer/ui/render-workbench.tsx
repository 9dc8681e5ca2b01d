import { createRoot } from 'react-dom/client';
import {
  type Disposable,
  DisposableStore,
  reportUnexpectedError,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import { CommandRegistry, listenForKeybindings } from '../commands/index.ts';
import { applyTheme, type ThemeKind } from '../theme/index.ts';
import { showChangeOf, showReturn, showTakenBack } from './changes/change-actions.ts';
import { EditorArea } from './editors/editor-area.ts';
import { ExplorerController } from './explorer/explorer-controller.ts';
import { registerCommands } from './workbench/register-commands.ts';
import { Workbench } from './workbench/workbench.tsx';
import { type WorkbenchServices, WorkbenchServicesContext } from './workbench/workbench-services.ts';
import { WorkbenchState } from './workbench/workbench-state.ts';
import type { WorkbenchModel } from './workbench-model.ts';

/** The interface of one window. Disposing it removes everything from the page. */
export interface RenderedWorkbench extends Disposable {
  /** For commands that are not the interface's own. */
  readonly commands: CommandRegistry;
  /** Runs a command for a native menu, which offers everything to everybody; says so when it is not possible now. */
  runCommand(id: string): void;
  /** Shows a file in a tab and focuses it. */
  openFile(fileId: string): void;
}

/**
 * Draws the workbench into `element`, which must have a size, and keeps it up to date with `model`. `onDidChangeTheme`
 * is told the look that is shown, for what is drawn outside of the interface.
 */
export function renderWorkbench(
  element: HTMLElement,
  model: WorkbenchModel,
  onDidChangeTheme?: (kind: ThemeKind) => void,
): RenderedWorkbench {
  const store = new DisposableStore();
  const commands = new CommandRegistry();
  const editorArea = store.add(new EditorArea(model.editors));
  const state = store.add(new WorkbenchState());
  const services: WorkbenchServices = {
    model,
    commands,
    state,
    editorArea,
    explorer: new ExplorerController(),
  };
  store.add(
    model.workspace.state.subscribe(() => {
      // What was written for one room is not for the next.
      if (model.workspace.state.get().kind !== 'open') services.state.drafts.clear();
    }),
  );
  store.add(registerCommands(services));
  store.add(listenForKeybindings(window, commands, model.platform.os));
  store.add(applyTheme(document.documentElement, model.settings.theme, onDidChangeTheme));
  store.add(model.editors.onDidRequestOpen((fileId) => editorArea.openFile(fileId)));
  store.add(model.editors.onDidRequestComparison((fileId) => showChangeOf(services, fileId)));
  store.add(model.away.onDidReturn(() => showReturn(services)));
  store.add(model.away.onDidTakeBack((file) => showTakenBack(services, file)));
  const root = createRoot(element, {
    onCaughtError: (error) => reportUnexpectedError(error),
    onUncaughtError: (error) => reportUnexpectedError(error),
  });
  root.render(
    <WorkbenchServicesContext value={services}>
      <Workbench />
    </WorkbenchServicesContext>,
  );
  store.add(toDisposable(() => root.unmount()));
  return {
    commands,
    runCommand: (id) => {
      const title = commands.get(id)?.title;
      if (!commands.run(id) && title !== undefined) state.showMessage(`Not possible now: ${title}`, model.scheduler);
    },
    openFile: (fileId) => editorArea.openFile(fileId),
    dispose: () => store.dispose(),
  };
}
