import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openRawDatabase } from '../log/testing/raw-database.ts';
import { startRelay, tokenFor } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';

/** More than goes into the buffers between two processes. */
const LARGE_BYTES = 64 * 1024 * 1024;
/** A page of the log of accesses, as it is read from the database. */
const PAGE_EVENTS = 1_000;

function folderWithPage(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'browser.html'), '<!doctype html>');
  return folder;
}

it('says what went wrong in the middle of an answer, and breaks it off', async () => {
  const [data, folder] = [temporaryFolder(), folderWithPage()];
  const file = join(folder, 'main.js');
  writeFileSync(file, 'export {};');
  const relay = await startRelay('--data', data, '--static', folder);
  const token = await tokenFor(data, 'r', 'owner');
  const database = openRawDatabase(join(data, 'relay.db'));
  const add = database.prepare("INSERT INTO audit VALUES ('default', 'r', ?, 1, ?, 'ana', 'Ana', '', '')");
  // In the second page that is read, when the first is on its way.
  for (let seq = 2; seq <= PAGE_EVENTS + 2; seq++) add.run(seq, seq === 2 ? 'unheard-of' : 'joined');
  database.close();
  const headers = { Authorization: `Bearer ${token}`, Accept: 'application/x-ndjson' };
  const answer = await fetch(`${relay.url}/api/rooms/r/audit`, { headers });
  expect(answer.status).toBe(200);
  await expect(answer.text()).rejects.toThrow();
  await expect.poll(() => relay.errors()).toContain('unknown kind of event');

  rmSync(file);
  mkdirSync(file);
  const broken = await fetch(`${relay.url}/main.js`)
    .then((response) => response.text())
    .catch(() => 'broken');
  expect(broken).toBe('broken');
  await expect.poll(() => relay.errors()).toContain('EISDIR');
});

it('says nothing of somebody who goes away in the middle of an answer, or of a request', async () => {
  const folder = folderWithPage();
  const file = join(folder, 'large.js');
  writeFileSync(file, '');
  truncateSync(file, LARGE_BYTES);
  const relay = await startRelay('--data', temporaryFolder(), '--static', folder);
  for (let count = 0; count < 3; count++) {
    const answered = await new Promise<boolean>((resolve, reject) => {
      const asked = request(`${relay.url}/large.js`, (response) => {
        response.once('data', () => response.destroy()).once('close', () => resolve(true));
      });
      asked.on('error', reject).end();
    });
    expect(answered).toBe(true);
  }
  const headers = { 'Content-Type': 'application/json', 'Content-Length': 1_000 };
  const sent = request(`${relay.url}/api/rooms/r/tokens`, { method: 'POST', headers });
  await new Promise<void>((resolve) => {
    sent.on('error', () => resolve());
    sent.write('{"secret":', () => sent.destroy(new Error('gone')));
  });
  // Whatever it had to say would come before this.
  expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
  await relay.end('SIGTERM');
  expect(relay.errors()).toBe('');
});
