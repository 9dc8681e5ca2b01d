import { readFile, rm } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { MemoryMirrorBases, MemorySharedFiles } from '../workspace/testing/memory-shared-files.ts';
import { TestFolder } from '../workspace/testing/mirror-under-test.ts';
import { hashBytes } from '../workspace/text-format.ts';
import { MirrorMeeting } from './mirror-meeting.ts';

const MINE = { sharesOthers: false, mine: ['a.txt'], allowsLargeBackup: false };
const THEIRS = { ...MINE, mine: [] };

async function begin() {
  const folder = await TestFolder.create({ 'a.txt': 'one\nmine\n' });
  const files = new MemorySharedFiles();
  const bases = new MemoryMirrorBases();
  const id = files.create('a.txt', 'one\n');
  const held = { isFileHeld: () => false, isBitHeld: () => false, holdOnly: () => {} };
  const access = { direction: 'both', takesFiles: true, ...held } as const;
  const meeting = await MirrorMeeting.begin({ folder: folder.path, files, bases, access, isKnownFolder: false });
  return { files, bases, id, meeting };
}

it('agrees on no text of the room that this device cannot keep, and takes the choice when it can', async () => {
  const { files, bases, id, meeting } = await begin();
  files.isFull = true;
  const refused = meeting.decide(MINE);
  await expect(refused).rejects.toMatchObject({ code: 'not-kept', path: 'a.txt' });
  await expect(refused).rejects.toThrow('Free some space');
  expect(bases.list()).toEqual([]);
  files.isFull = false;
  const decision = await meeting.decide(MINE);
  decision.takeEffect();
  expect(bases.get(id)?.text).toBe('one\n');
});

it('agrees on the text of the folder whether the room’s can be kept or not: it is on disk', async () => {
  const { files, bases, id, meeting } = await begin();
  files.isFull = true;
  const decision = await meeting.decide(THEIRS);
  decision.takeEffect();
  expect(bases.get(id)?.text).toBe('one\nmine\n');
});

it('asks about a file of which it is held that it is executable, and makes it as it is in the room unless it is chosen', async () => {
  for (const mine of [['run.sh'], []]) {
    const folder = await TestFolder.create({ 'run.sh': 'run\n' });
    const files = new MemorySharedFiles();
    const bases = new MemoryMirrorBases();
    const id = files.create('run.sh', 'run\n');
    bases.set(id, { path: 'run.sh', hash: hashBytes(Buffer.from('run\n')), text: 'run\n', executable: false });
    const held = { isFileHeld: () => true, isBitHeld: () => true, holdOnly: () => {} };
    const access = { direction: 'both', takesFiles: true, ...held } as const;
    const meeting = await MirrorMeeting.begin({ folder: folder.path, files, bases, access, isKnownFolder: true });
    expect(meeting.describe().different).toEqual([{ path: 'run.sh', sizeBytes: 4 }]);
    const decision = await meeting.decide({ ...THEIRS, mine });
    decision.takeEffect();
    // What disk and room are taken to agree on: the other one of the two has changed then.
    expect(bases.get(id)).toMatchObject({ text: 'run\n', executable: mine.length === 0 });
  }
});

it('backs up what is no text and differs, and lets the room’s take its place unless the folder’s is chosen', async () => {
  for (const mine of [['pic.png', 'latin1.txt'], []]) {
    const folder = await TestFolder.create({
      'pic.png': new Uint8Array([0, 1]),
      'latin1.txt': new Uint8Array([0xe9, 10]),
      'a.txt': 'a\n',
    });
    const files = new MemorySharedFiles();
    const bases = new MemoryMirrorBases();
    const blob = hashBytes(Buffer.from('room'));
    const [picture, text] = [files.create('pic.png', '', { kind: 'binary', blob }), files.create('latin1.txt', 'é\n')];
    files.create('a.txt', 'a\n');
    // What was agreed on in another folder, or before it was held.
    bases.set(picture, { path: 'pic.png', hash: 'before', text: '' });
    const held = { isFileHeld: () => true, isBitHeld: () => false, holdOnly: () => {} };
    const access = { direction: 'both', takesFiles: true, ...held } as const;
    const meeting = await MirrorMeeting.begin({ folder: folder.path, files, bases, access, isKnownFolder: true });
    expect(meeting.isQuiet).toBe(false);
    expect(meeting.describe()).toMatchObject({
      replaced: [
        { path: 'latin1.txt', sizeBytes: 2 },
        { path: 'pic.png', sizeBytes: 2 },
      ],
      counts: { same: 1, replaced: 2, leftOut: 0 },
      backupBytes: 4,
    });
    const place = { backupsFolder: `${folder.path}-backups`, name: 'room', room: 'room', nowMs: 0 };
    onTestFinished(() => rm(place.backupsFolder, { recursive: true, force: true }));
    const backup = await meeting.backUp(place);
    expect(await readFile(`${backup}/files/pic.png`)).toEqual(Buffer.from([0, 1]));
    expect(await readFile(`${backup}/files/latin1.txt`)).toEqual(Buffer.from([0xe9, 10]));
    const decision = await meeting.decide({ ...THEIRS, mine });
    decision.takeEffect();
    const agreed = [bases.get(picture)?.hash, bases.get(text)?.text];
    expect(agreed).toEqual(mine.length > 0 ? [blob, 'é\n'] : [undefined, undefined]);
  }
});
