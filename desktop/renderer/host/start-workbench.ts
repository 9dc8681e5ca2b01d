import './page.css';
import { errorMessage } from '../../../shared/lifecycle/index.ts';
import { DARK_THEME, LIGHT_THEME, setEditorTheme } from '../editor/index.ts';
import { Workbench } from '../session/workbench.ts';
import { renderWorkbench } from '../ui/index.ts';
import { watchPage } from './page-events.ts';
import type { WorkbenchHost } from './workbench-host.ts';

const OS = { darwin: 'mac', win32: 'windows', linux: 'linux' } as const;

/** Shows the workbench in the page's root element, on whatever host. */
export function startWorkbench(host: WorkbenchHost, platform: keyof typeof OS): void {
  const root = document.getElementById('root');
  if (!root) throw new Error('the page has no root element');
  const workbench = new Workbench(host, OS[platform]);
  const { runCommand } = renderWorkbench(root, workbench, (kind) => {
    setEditorTheme(kind === 'dark' ? DARK_THEME : LIGHT_THEME);
  });
  workbench.onDidRequestCommand(runCommand);
  watchPage((reason) => workbench.connection.nudge(reason));
  workbench.start().catch((error: unknown) => {
    const detail = errorMessage(error);
    workbench.notifications.show({
      id: 'start',
      severity: 'error',
      title: 'Tutti could not start in this window. Reload it; if that does not help, restart the app.',
      detail,
      actions: [],
    });
  });
}
