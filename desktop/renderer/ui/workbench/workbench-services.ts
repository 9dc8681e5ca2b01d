import { createContext, useContext } from 'react';
import type { CommandRegistry } from '../../commands/index.ts';
import type { EditorArea } from '../editors/editor-area.ts';
import type { ExplorerController } from '../explorer/explorer-controller.ts';
import type { WorkbenchModel } from '../workbench-model.ts';
import type { WorkbenchState } from './workbench-state.ts';

/** What components reach through context; one per window. */
export interface WorkbenchServices {
  readonly model: WorkbenchModel;
  readonly commands: CommandRegistry;
  readonly state: WorkbenchState;
  readonly editorArea: EditorArea;
  readonly explorer: ExplorerController;
}

/** Provided by `renderWorkbench`. */
export const WorkbenchServicesContext = createContext<WorkbenchServices | undefined>(undefined);

/** The services of the window that the component is in. */
export function useServices(): WorkbenchServices {
  const services = useContext(WorkbenchServicesContext);
  if (!services) throw new Error('This component must be inside a workbench.');
  return services;
}
