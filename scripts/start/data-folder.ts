import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where `npm start` keeps everything when nothing else is asked for: the platform's place for such data. */
export function defaultDataFolder(): string {
  const home = homedir();
  switch (process.platform) {
    case 'darwin':
      return join(home, 'Library/Application Support/tutti');
    case 'win32':
      return join(process.env['LOCALAPPDATA'] ?? join(home, 'AppData/Local'), 'tutti');
    default:
      return join(process.env['XDG_DATA_HOME'] ?? join(home, '.local/share'), 'tutti');
  }
}
