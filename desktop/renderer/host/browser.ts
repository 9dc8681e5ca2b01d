import { createBrowserHost } from './browser-host.ts';
import { platformOf } from './platform.ts';
import { startWorkbench } from './start-workbench.ts';

startWorkbench(createBrowserHost(), platformOf(navigator.userAgent));
