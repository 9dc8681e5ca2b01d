import { setUnexpectedErrorHandler } from '../../../shared/lifecycle/index.ts';
import { DesktopRooms } from '../session/desktop-rooms.ts';

// The app's rooms without its windows: `node session-process.ts DATA RELAY_URL FOLDER`, the operator's token and links in
// its environment. Everything that a person would be shown goes to stdout, the rest is the app's own output.

const [, , dataFolder = '', relayUrl = '', folder = ''] = process.argv;
const { TUTTI_OPERATOR_TOKEN: operatorToken, LINKS = '' } = process.env;

setUnexpectedErrorHandler((error) => console.error('Tutti: unexpected error:', error));
const rooms = await DesktopRooms.open({ dataFolder, relayUrl, operatorToken, seal: undefined });
rooms.onDidOpenRoom((host) => host.onProblem(({ title, detail }) => console.log(`problem ${title} ${detail}`)));
const opened = await rooms.openFolder(folder);
console.log(opened.ok ? 'opened' : `not opened: ${opened.explanation}`);
for (const link of LINKS.split('\n')) {
  const joined = await rooms.join(link, 'Ana');
  console.log(joined.ok ? 'joined' : `not joined: ${joined.explanation}`);
}
console.log('ready');
process.once('SIGTERM', () => void rooms.close().finally(() => process.exit(0)));
