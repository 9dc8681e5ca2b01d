import { createBrowserHost } from './browser-host.ts';
import { keepPage } from './keep-page.ts';
import { platformOf } from './platform.ts';
import { startWorkbench } from './start-workbench.ts';

startWorkbench(createBrowserHost(), platformOf(navigator.userAgent));
// What the page itself needs comes first.
window.addEventListener('load', () => void keepPage(), { once: true });
