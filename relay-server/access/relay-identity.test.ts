import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { DataFolder } from '../data-folder.ts';
import { openAccess } from '../testing/access-under-test.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { IDENTITY_FILE, IdentityError, loadRelayIdentity, rotateRelayKey } from './relay-identity.ts';

describe('the identity of a relay', () => {
  it('is made once, for the owner only', async () => {
    const folder = temporaryFolder();
    const first = await loadRelayIdentity(folder);
    expect(statSync(join(folder, IDENTITY_FILE)).mode & 0o777).toBe(0o600);
    expect((await loadRelayIdentity(folder)).relayId).toBe(first.relayId);
  });

  it('is the same for all who race to make it', async () => {
    const folder = temporaryFolder();
    const ids = await Promise.all(Array.from({ length: 10 }, async () => (await loadRelayIdentity(folder)).relayId));
    expect(new Set(ids).size).toBe(1);
  });

  it.each([
    '',
    '{',
    'null',
    '{"relayId":"r"}',
    '{"relayId":"r","privateKey":{"kty":"OKP","crv":"Ed25519","x":"a","d":"b"}}',
  ])('is refused when its file holds %j, and that file is kept', async (content) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, IDENTITY_FILE), content, { mode: 0o600 });
    await expect(loadRelayIdentity(folder)).rejects.toMatchObject({
      name: 'IdentityError',
      message: expect.stringContaining('is damaged') as unknown,
    });
    expect(readFileSync(join(folder, IDENTITY_FILE), 'utf8')).toBe(content);
  });
});

describe('a key that others can reach', () => {
  it.each([0o640, 0o604, 0o620, 0o602, 0o677])(
    'is refused with mode %o, with the command that mends it',
    async (mode) => {
      const folder = temporaryFolder();
      const { relayId } = await loadRelayIdentity(folder);
      const path = join(folder, IDENTITY_FILE);
      chmodSync(path, mode);
      const refusal = await loadRelayIdentity(folder).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(IdentityError);
      expect(String(refusal)).toContain(`chmod 600 '${path}'`);
      chmodSync(path, 0o600);
      expect((await loadRelayIdentity(folder)).relayId).toBe(relayId);
    },
  );

  it('cannot come about by a data folder that the relay makes; one that others may write to is named', () => {
    const folder = join(temporaryFolder(), 'made', 'data');
    const data = new DataFolder(folder);
    expect([statSync(folder).mode & 0o777, data.warning]).toEqual([0o700, undefined]);
    chmodSync(folder, 0o755);
    expect(data.warning).toBeUndefined();
    for (const mode of [0o775, 0o777, 0o1777]) {
      chmodSync(folder, mode);
      expect(new DataFolder(folder).warning).toContain(`chmod 700 '${folder}'`);
    }
  });
});

describe('the keys of a relay', () => {
  it('change with an overlap: the new one is known before it signs, the old one counts for a while after', async () => {
    const folder = temporaryFolder();
    const { scheduler, authority, grant } = await openAccess(folder);
    const long = { ...grant, expiresAtMs: scheduler.now() + 3_600_000 };
    const old = await authority.signRoomToken(long);
    const path = join(folder, IDENTITY_FILE);
    const rotated = await rotateRelayKey(path, { nowMs: scheduler.now(), delayMs: 1_000, overlapMs: 60_000 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await loadRelayIdentity(folder)).toMatchObject({ relayId: rotated.relayId, keys: [{}, {}] });
    authority.replaceIdentity(rotated);
    const [first, second] = rotated.keys.map(({ keyId }) => keyId);
    expect(authority.publicKeys.map(({ kid }) => kid)).toEqual([first, second]);
    expect(JSON.stringify(authority.publicKeys)).not.toContain('"d"');
    const kidOf = async () => decodeProtectedHeader((await authority.signRoomToken(long)).token).kid;
    expect(await kidOf()).toBe(first);
    scheduler.advance(1_000);
    expect(await kidOf()).toBe(second);
    expect(await authority.verifyRoomToken(old.token)).toMatchObject({ kind: 'valid' });
    const fresh = await authority.signRoomToken(long);
    scheduler.advance(60_000);
    expect(await authority.verifyRoomToken(old.token)).toMatchObject({ reason: 'forged' });
    expect(await authority.verifyRoomToken(fresh.token)).toMatchObject({ kind: 'valid' });
    expect(authority.publicKeys.map(({ kid }) => kid)).toEqual([second]);
    const again = await rotateRelayKey(path, { nowMs: scheduler.now(), delayMs: 0, overlapMs: 60_000 });
    expect(again.keys.map(({ keyId }) => keyId)).toEqual([second, expect.any(String)]);
  });
});
