import { readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startTestRelay } from '../testing/test-relay.ts';
import { readFiles, shareFolder, whenFiles, whenMirror, whenTold, writeFiles } from '../testing/mirroring.ts';

const FILES = { 'a.txt': 'one\ntwo\n', 'src/b.ts': 'let b;\n' };

/** Takes away what a device keeps of its one room, or all that is in it. */
function lose(dataFolder: string, how: 'removed' | 'emptied' | 'damaged'): void {
  const rooms = join(dataFolder, 'rooms');
  for (const name of readdirSync(rooms).filter((file) => file.includes('.sqlite'))) {
    if (how !== 'removed' && name.endsWith('.sqlite')) truncateSync(join(rooms, name), how === 'emptied' ? 0 : 5_000);
    else rmSync(join(rooms, name));
  }
}

describe.each(['removed', 'emptied'] as const)('a host whose room file was %s', (how) => {
  it('waits for the relay, says so, and lists no file twice', async () => {
    const { ana, folder, relay, link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const mine = ben.makeFolder('mine');
    await (await ben.join(link)).mirror.choose(mine);
    await whenFiles(mine, FILES);
    await ana.quit();
    lose(ana.data, how);
    const { port } = new URL(relay.url);
    await relay.stop();
    const again = await ana.open(folder);
    expect((await whenTold(again, 'storage')).detail).toContain('comes back from the relay');
    await startTestRelay(relay.dataFolder, Number(port));
    await whenMirror(again, 'running');
    writeFiles(folder, { 'new.txt': 'new\n' });
    await whenFiles(mine, { ...FILES, 'new.txt': 'new\n' });
    expect(readFiles(folder)).toEqual({ ...FILES, 'new.txt': 'new\n' });
  });
});

it('a host whose room file is damaged shares what is new in its folder, also where nobody can be asked', async () => {
  const { ana, folder, link, newcomer } = await shareFolder(FILES);
  const ben = newcomer('ben');
  const mine = ben.makeFolder('mine');
  await (await ben.join(link)).mirror.choose(mine);
  await whenFiles(mine, FILES);
  await ana.quit();
  lose(ana.data, 'damaged');
  writeFiles(folder, { 'new.txt': 'new\n' });
  await ana.start({ takesRoomFiles: true });
  await ana.open(folder);
  await whenFiles(mine, { ...FILES, 'new.txt': 'new\n' });
  expect(readFiles(folder)).toEqual({ ...FILES, 'new.txt': 'new\n' });
});
