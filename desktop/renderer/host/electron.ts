import { createElectronHost } from './electron-host.ts';
import { platformOf } from './platform.ts';
import { startWorkbench } from './start-workbench.ts';

const { tutti } = window;
if (!tutti) throw new Error('this page only runs inside the Tutti app');
startWorkbench(createElectronHost(tutti), platformOf(navigator.userAgent));
