import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Role } from '../../../shared/access/index.ts';
import {
  readFiles,
  shareFolder,
  whenAsked,
  whenExecutable,
  whenFiles,
  whenMirror,
  whenTold,
} from '../testing/mirroring.ts';
import type { RoomHost } from './room-host.ts';

const FILES = { 'a.txt': 'a\n', 'b.txt': 'b\n', 'c.txt': 'c\n' };
const PATIENCE = { timeout: 30_000, interval: 20 } as const;

async function giveRole(owner: RoomHost, name: string, role: Role): Promise<void> {
  const subject = await vi.waitFor(async () => {
    const people = await owner.administration.listPeople(undefined);
    const found = people.ok ? people.value.people.find((person) => person.name === name) : undefined;
    if (!found) throw new Error(`${name} is not known yet`);
    return found.subject;
  }, PATIENCE);
  expect(await owner.administration.setRole(subject, role)).toMatchObject({ ok: true });
}

async function whenHeld(host: RoomHost, heldCount: number): Promise<void> {
  await vi.waitFor(() => expect(host.mirror.state).toMatchObject({ kind: 'running', heldCount }), PATIENCE);
}

/** Ana shares a folder, and Ben, who may only read, mirrors it and changes it in every way. */
async function mirrorAsViewer() {
  const shared = await shareFolder(FILES, 'viewer');
  const ben = shared.newcomer('ben');
  const host = await ben.join(shared.link);
  const mine = ben.makeFolder('mine');
  await host.mirror.choose(mine);
  await whenFiles(mine, FILES);
  expect(host.mirror.state).toMatchObject({ kind: 'running', direction: 'to-disk' });
  // The system tells nothing of a file that is made and removed at once: by now it has told of those that came.
  writeFileSync(join(mine, 'new.txt'), 'new\n');
  await whenHeld(host, 1);
  writeFileSync(join(mine, 'a.txt'), 'a, by Ben\n');
  rmSync(join(mine, 'b.txt'));
  renameSync(join(mine, 'c.txt'), join(mine, 'd.txt'));
  await whenHeld(host, 5);
  return { ...shared, ben, guest: host, mine };
}

const LEFT = { 'a.txt': 'a, by Ben\n', 'd.txt': 'c\n', 'new.txt': 'new\n' };

describe('the folder of somebody who may only read', () => {
  it('gives the room nothing, and says so once', async () => {
    const { folder, guest, mine } = await mirrorAsViewer();
    expect(await whenTold(guest, 'mirror-held')).toMatchObject({ title: 'You may only read this room.' });
    expect(readFiles(mine)).toEqual(LEFT);
    // What Ana does later comes after all that Ben could have sent.
    writeFileSync(join(folder, 'later.txt'), 'later\n');
    await whenFiles(mine, { ...LEFT, 'later.txt': 'later\n' });
    expect(readFiles(folder)).toEqual({ ...FILES, 'later.txt': 'later\n' });
    expect(guest.currentProblems.map(({ id }) => id)).toEqual(['mirror-held']);
  });

  it('keeps a text that was changed there beside the one that comes from the room', async () => {
    const { folder, guest, mine } = await mirrorAsViewer();
    writeFileSync(join(folder, 'a.txt'), 'a, by Ana\n');
    await vi.waitFor(() => expect(readFileSync(join(mine, 'a.txt'), 'utf8')).toBe('a, by Ana\n'), PATIENCE);
    const copy = readdirSync(mine).find((name) => name.startsWith('a.txt.local-')) ?? '';
    expect(readFileSync(join(mine, copy), 'utf8')).toBe('a, by Ben\n');
    await whenHeld(guest, 4);
    const isTold = () => guest.currentProblems.some(({ title }) => title.startsWith('a.txt was different'));
    await expect.poll(isTold, PATIENCE).toBe(true);
  });

  it.each(['while it is followed', 'while Tutti does not run'])(
    'shares nothing when the person may write %s, until they say what',
    async (when) => {
      const { host, folder, link, ben, guest, mine } = await mirrorAsViewer();
      if (when === 'while Tutti does not run') await ben.quit();
      await giveRole(host, 'ben', 'editor');
      const now = when === 'while Tutti does not run' ? await ben.join(link) : guest;
      await vi.waitFor(() => expect(now.mirror.state).toMatchObject({ direction: 'both', heldCount: 5 }), PATIENCE);
      expect(await whenTold(now, 'mirror-held')).toMatchObject({ command: { id: 'mirror.review' } });
      // What is done now is shared.
      writeFileSync(join(mine, 'now.txt'), 'now\n');
      await whenFiles(folder, { ...FILES, 'now.txt': 'now\n' });
      expect(readFiles(mine)).toEqual({ ...LEFT, 'now.txt': 'now\n' });

      expect(await now.mirror.review()).toMatchObject({ ok: true });
      expect(await whenAsked(now)).toMatchObject({
        onlyHere: [{ path: 'd.txt' }, { path: 'new.txt' }],
        onlyInRoom: ['b.txt', 'c.txt'],
        different: [{ path: 'a.txt' }],
      });
      const started = await now.mirror.start({ sharesOthers: true, mine: ['a.txt'], allowsLargeBackup: false });
      expect(started).toMatchObject({ ok: true, value: { kind: 'started' } });
      const together = { ...FILES, ...LEFT, 'now.txt': 'now\n' };
      await whenFiles(folder, together);
      await whenFiles(mine, together);
      expect(await whenMirror(now, 'running')).toMatchObject({ heldCount: 0 });
      expect(now.currentProblems.some(({ id }) => id === 'mirror-held')).toBe(false);
    },
  );

  it('keeps it to itself that a file became executable there, and asks before that is shared', async () => {
    const { host, folder, link, newcomer } = await shareFolder(FILES, 'viewer');
    const ben = newcomer('ben');
    const guest = await ben.join(link);
    const mine = ben.makeFolder('mine');
    await guest.mirror.choose(mine);
    await whenFiles(mine, FILES);
    for (const path of ['a.txt', 'b.txt']) chmodSync(join(mine, path), 0o755);
    await whenHeld(guest, 2);
    await giveRole(host, 'ben', 'editor');
    await vi.waitFor(() => expect(guest.mirror.state).toMatchObject({ direction: 'both', heldCount: 2 }), PATIENCE);
    chmodSync(join(mine, 'c.txt'), 0o755);
    await whenExecutable(join(folder, 'c.txt'), true);
    for (const path of ['a.txt', 'b.txt']) await whenExecutable(join(folder, path), false);

    expect(await guest.mirror.review()).toMatchObject({ ok: true });
    expect(await whenAsked(guest)).toMatchObject({ different: [{ path: 'a.txt' }, { path: 'b.txt' }] });
    const started = await guest.mirror.start({ sharesOthers: false, mine: ['a.txt'], allowsLargeBackup: false });
    expect(started).toMatchObject({ ok: true, value: { kind: 'started' } });
    await whenExecutable(join(folder, 'a.txt'), true);
    await whenExecutable(join(mine, 'b.txt'), false);
    expect(await whenMirror(guest, 'running')).toMatchObject({ heldCount: 0 });
  });

  it('counts at once for somebody who may not write any more', async () => {
    const { host, folder, link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const guest = await ben.join(link);
    const mine = ben.makeFolder('mine');
    await guest.mirror.choose(mine);
    await whenFiles(mine, FILES);
    await giveRole(host, 'ben', 'commenter');
    await vi.waitFor(() => expect(guest.mirror.state).toMatchObject({ direction: 'to-disk' }), PATIENCE);
    writeFileSync(join(mine, 'a.txt'), 'a, by Ben\n');
    await whenHeld(guest, 1);
    expect(readFiles(folder)).toEqual(FILES);
  });
});
