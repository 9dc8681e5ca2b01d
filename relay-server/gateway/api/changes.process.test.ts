import { describe, expect, it } from 'vitest';
import { shareApiRelay } from '../../testing/api-relay.ts';
import { createApiRoom } from '../../testing/api-room.ts';
import { LoggedFiles } from '../../testing/logged-files.ts';

const relay = shareApiRelay();
const createRoom = async () => {
  const made = await createApiRoom(relay());
  const files = new LoggedFiles(relay().storage.log, { tenant: 'default', room: made.room });
  const askAs = (token: string, request: string, body?: unknown) => {
    const [method = '', path = ''] = request.split(' ');
    return relay().ask(`${method} /api/rooms/${made.room}/${path}`, { token, body });
  };
  return { ...made, files, askAs, sign: (wish = {}) => relay().sign({ room: made.room, ...wish }) };
};

describe('who changed a document', () => {
  it('is told to everybody of the room, from any number on', async () => {
    const { askAs, sign, files } = await createRoom();
    await files.write('plan', 'ana', 'abc', 1_000);
    await files.write('plan', 'ben', 'de', 2_000);
    await files.write('plan', 'ana', 'f', 3_000);
    for (const role of ['owner', 'editor', 'commenter', 'viewer'] as const) {
      const token = await sign({ role, subject: role });
      const answer = await askAs(token, 'GET changes/plan?epoch=e&after=1');
      expect(answer).toMatchObject({ status: 200, body: { epoch: 'e', headSeq: 3, throughSeq: 3, isCut: false } });
      expect(answer.body['changes']).toEqual([
        {
          fromSeq: 2,
          toSeq: 2,
          subject: 'ben',
          name: 'BEN',
          fromMs: 2_000,
          toMs: 2_000,
          clients: [[expect.any(Number), 3, 5]] as unknown,
        },
        {
          fromSeq: 3,
          toSeq: 3,
          subject: 'ana',
          name: 'ANA',
          fromMs: 3_000,
          toMs: 3_000,
          clients: [[expect.any(Number), 5, 6]] as unknown,
        },
      ]);
      expect(
        await askAs(token, 'POST changes', { documents: [{ document: 'plan', epoch: 'e', after: 2 }] }),
      ).toMatchObject({
        status: 200,
        body: {
          looked: 1,
          documents: [
            {
              document: 'plan',
              epoch: 'e',
              headSeq: 3,
              isCut: false,
              people: [{ subject: 'ana', name: 'ANA', fromMs: 3_000, toMs: 3_000 }],
            },
          ],
        },
      });
    }
  });

  it('is told with what was deleted when that is asked for', async () => {
    const { askAs, sign, files } = await createRoom();
    await files.write('plan', 'ana', 'abc', 1_000);
    await files.erase('plan', 'ben', 2, 2_000);
    const token = await sign({ subject: 'ben' });
    const told = async (rest: string) =>
      (await askAs(token, `GET changes/plan?epoch=e&after=0${rest}`)).body['changes'];
    expect(await told('&deletions=true')).toMatchObject([
      { subject: 'ana', deleted: [] },
      { subject: 'ben', clients: [], deleted: [[expect.any(Number), 0, 2]] },
    ]);
    expect(JSON.stringify(await told(''))).not.toContain('deleted');
  });

  it('is not told to who came for a part of the files, nor to who is out', async () => {
    const { ask, askAs, sign, files } = await createRoom();
    const code = await files.add('src/a.ts');
    await files.write(code, 'ana', 'x');
    const documents = [{ document: code, epoch: 'e', after: 0 }];
    const requests = [
      [`GET changes/${code}?epoch=e&after=0`, undefined],
      ['POST changes', { documents }],
    ] as const;
    const limited = await sign({ subject: 'gil', paths: ['src/**'] });
    const ben = await sign({ subject: 'ben' });
    for (const [request, body] of requests) {
      expect(await askAs(limited, request, body)).toMatchObject({ status: 403, body: { error: 'forbidden' } });
      expect((await askAs(ben, request, body)).status).toBe(200);
    }
    const other = await createRoom();
    expect((await other.ask(requests[0][0])).status).toBe(404);
    expect((await other.ask(...requests[1])).body).toEqual({ documents: [], looked: 1 });
    expect((await ask('POST revocations', { all: true })).status).toBe(204);
    for (const [request, body] of requests)
      expect(await askAs(ben, request, body)).toMatchObject({ status: 403, body: { error: 'revoked' } });
  });

  it('is refused when the question makes no sense', async () => {
    const { ask, files } = await createRoom();
    await files.write('plan', 'ana', 'x');
    for (const query of [
      '',
      '?epoch=e',
      '?after=0',
      '?epoch=e&after=-1',
      '?epoch=e&after=99999999999999999',
      '?epoch=%20&after=0',
    ])
      expect([query, await ask(`GET changes/plan${query}`)]).toMatchObject([
        query,
        { status: 400, body: { error: 'invalid-field' } },
      ]);
    for (const document of ['none', 'view-x', '%20', 'a.b'])
      expect([document, await ask(`GET changes/${document}?epoch=e&after=0`)]).toMatchObject([
        document,
        { status: 404, body: { error: 'not-found' } },
      ]);
    expect(await ask('GET changes/plan?epoch=before&after=0')).toMatchObject({
      status: 409,
      body: { error: 'epoch-changed' },
    });
    const since = { document: 'plan', epoch: 'e', after: 0 };
    for (const documents of [
      undefined,
      [],
      'plan',
      ['plan'],
      [{ ...since, after: -1 }],
      [{ ...since, more: 1 }],
      [{ ...since, document: 'view-x' }],
      Array.from({ length: 5_001 }, () => since),
    ])
      expect(await ask('POST changes', { documents })).toMatchObject({ status: 400, body: { error: 'invalid-field' } });
  });

  it('makes nobody wait who asks once, whatever somebody else asks', async () => {
    const { askAs, sign, files } = await createRoom();
    await files.write('plan', 'ana', 'x');
    const eve = await sign({ subject: 'eve' });
    const flood = await Promise.all(Array.from({ length: 60 }, () => askAs(eve, 'GET changes/plan?epoch=e&after=0')));
    expect(flood.map(({ status }) => status).filter((status) => status !== 200 && status !== 429)).toEqual([]);
    expect((await askAs(await sign({ subject: 'ben' }), 'GET changes/plan?epoch=e&after=0')).status).toBe(200);
  });
});
