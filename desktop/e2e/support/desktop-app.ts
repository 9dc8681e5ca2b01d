import { _electron as electron, type ElectronApplication } from '@playwright/test';
import { ELECTRON_ARGUMENTS } from '../../../scripts/runtimes/electron.ts';
import { DesktopPerson } from './person.ts';

export interface DesktopOptions {
  readonly name: string;
  readonly userData: string;
  readonly relayUrl: string;
  readonly operatorToken?: string;
  readonly folder?: string;
  readonly joinLink?: string;
  /** A `tutti://` link, handed over as the system does it. */
  readonly appLink?: string;
  /** Folder to mirror the joined room to. */
  readonly mirrorFolder?: string;
}

/** Starts the built desktop app with data of its own. The caller closes it. */
export async function launchDesktop(options: DesktopOptions): Promise<DesktopPerson> {
  const { name, userData, relayUrl, operatorToken, folder, joinLink, appLink, mirrorFolder } = options;
  const app: ElectronApplication = await electron.launch({
    executablePath: process.env['ELECTRON_EXEC_PATH'] ?? '',
    args: [
      '.',
      ...ELECTRON_ARGUMENTS,
      `--user-data-dir=${userData}`,
      '--relay',
      relayUrl,
      ...(joinLink === undefined ? [] : ['--join', joinLink]),
      ...(appLink === undefined ? [] : [appLink]),
      ...(mirrorFolder === undefined ? [] : ['--mirror', mirrorFolder]),
      ...(folder === undefined ? [] : [folder]),
    ],
    env: {
      ...process.env,
      ...(operatorToken === undefined ? {} : { TUTTI_OPERATOR_TOKEN: operatorToken }),
    },
  });
  const page = await app.firstWindow();
  return new DesktopPerson(name, page, app);
}
