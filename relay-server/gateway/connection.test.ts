import { describe, expect, it } from 'vitest';
import {
  clientMessageCodec,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_LIMITS,
  PROTOCOL_VERSION,
} from '../../shared/protocol/index.ts';
import { createTypist } from '../testing/raw-client.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

describe('the connection', () => {
  it('[VH1] takes nothing before hello, hello once, and waits 10 seconds for it', async () => {
    const relay = new RelayUnderTest();
    const early = relay.connect();
    early.client.open(1, 'file');
    await relay.settle();
    expect(early.closes).toEqual([4409]);
    const twice = await relay.join('ada.editor');
    twice.client.hello('ada.editor');
    await relay.settle();
    expect(twice.closes).toEqual([4409]);
    expect(twice.client.last('goodbye')).toMatchObject({ closeCode: 4409, retryAfterMs: 0 });
    const silent = relay.connect();
    await relay.advance(9_999);
    expect(silent.closes).toEqual([]);
    await relay.advance(1);
    expect(silent.closes).toEqual([4508]);
  });

  it('[VH1] takes what came right after hello once the token was checked', async () => {
    const relay = new RelayUnderTest();
    const { client } = relay.connect();
    client.hello('ada.editor');
    client.open(1, 'file');
    client.update(1, 1, createTypist(1).type('quick'));
    await relay.advance(0);
    await relay.advance(5);
    expect(client.last('ack')).toMatchObject({ clientSeq: 1, seq: 1 });
  });

  it('[VH2] closes with 4426 without a common version', async () => {
    const relay = new RelayUnderTest();
    const { client, closes } = relay.connect();
    client.send({
      type: 'hello',
      version: PROTOCOL_VERSION + 2,
      oldestVersion: PROTOCOL_VERSION + 1,
      token: 'ada.editor',
      sessionId: 'session-0123456789',
      client: '',
      features: [],
    });
    await relay.settle();
    expect(closes).toEqual([4426]);
    expect(client.last('goodbye').explanation).toContain(`${OLDEST_PROTOCOL_VERSION} to ${PROTOCOL_VERSION}`);
  });

  it('[VH3] closes with 4401 without a valid token', async () => {
    const relay = new RelayUnderTest();
    const { closes } = await relay.join('nobody');
    expect(closes).toEqual([4401]);
  });

  it('[VH4] speaks newer clients the version both know, without features it lacks', async () => {
    const relay = new RelayUnderTest();
    const { client } = relay.connect();
    client.send({
      type: 'hello',
      version: 5,
      oldestVersion: 1,
      token: 'ada.editor',
      sessionId: 'session-0123456789',
      client: '',
      features: ['zstd', 'deflate'],
    });
    await relay.settle();
    expect(client.last('welcome')).toMatchObject({
      version: PROTOCOL_VERSION,
      features: ['deflate'],
      room: 'room',
      subject: 'ada',
      role: 'editor',
    });
  });

  it('[VH5] renews the token of the same subject, applies its role, and closes when it ends', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor.60');
    ada.client.open(1, 'file');
    await relay.advance(30_000);
    ada.client.send({ type: 'renew', token: 'ada.viewer.120' });
    await relay.settle();
    expect(ada.client.last('renewed').role).toBe('viewer');
    ada.client.update(1, 1, createTypist(1).type('x'));
    await relay.settle();
    expect(ada.client.last('refused').reason).toBe('read-only');
    for (let elapsedMs = 30_000; elapsedMs < 120_000; elapsedMs += 30_000) {
      expect(ada.closes).toEqual([]);
      ada.client.send({ type: 'ping', nonce: 1 });
      await relay.advance(30_000);
    }
    expect(ada.closes).toEqual([4401]);
    const bob = await relay.join('bob.editor');
    bob.client.send({ type: 'renew', token: 'eve.editor' });
    await relay.settle();
    expect(bob.closes).toEqual([4401]);
  });

  it('a token that runs for months does not end at once', async () => {
    const relay = new RelayUnderTest({ heartbeatIntervalMs: 1e12, accessIntervalMs: 24 * 3_600_000 });
    const ada = await relay.join(`ada.editor.${90 * 24 * 3600}`);
    await relay.advance(60 * 24 * 3_600_000);
    expect(ada.closes).toEqual([]);
    await relay.advance(31 * 24 * 3_600_000);
    expect(ada.closes).toEqual([4401]);
  });

  it('[HB1] [HB2] answers pings and closes after 2.5 silent intervals', async () => {
    const relay = new RelayUnderTest({ heartbeatIntervalMs: 10_000 });
    const ada = await relay.join('ada.editor');
    await relay.advance(20_000);
    ada.client.send({ type: 'ping', nonce: 77 });
    await relay.settle();
    expect(ada.client.last('pong').nonce).toBe(77);
    await relay.advance(24_999);
    expect(ada.closes).toEqual([]);
    await relay.advance(1);
    expect(ada.closes).toEqual([1013]);
  });

  it.each([
    ['an unknown code', new Uint8Array([99])],
    ['an empty frame', new Uint8Array(0)],
    ['left-over bytes', new Uint8Array([...clientMessageCodec.encode({ type: 'ping', nonce: 1 }), 0])],
    ['a cut field', new Uint8Array([8])],
  ])('[FR3] closes with 4409 on %s', async (_what, frame) => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    const bob = await relay.join('bob.editor');
    ada.client.sendRaw(frame);
    await relay.settle();
    expect(ada.closes).toEqual([4409]);
    expect(bob.closes).toEqual([]);
  });

  it('[FR5] closes with 4413 on an oversized frame', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.sendRaw(new Uint8Array(PROTOCOL_LIMITS.maxFrameBytes + 1));
    await relay.settle();
    expect(ada.closes).toEqual([4413]);
  });

  it('[CH2] takes no hello inside chunks', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    const hello = clientMessageCodec.encode({
      type: 'hello',
      version: 1,
      oldestVersion: 1,
      token: 'x',
      sessionId: 'session-0123456789',
      client: '',
      features: [],
    });
    ada.client.send({ type: 'chunk', stream: 1, totalBytes: hello.byteLength, offset: 0, payload: hello });
    await relay.settle();
    expect(ada.closes).toEqual([4409]);
  });

  it('closes on a state vector that is none', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file', { stateVector: new Uint8Array([200]) });
    await relay.settle();
    expect(ada.closes).toEqual([4409]);
  });

  it('[CC1] drains: acks what it took, then says goodbye with a hint', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    await relay.settle();
    ada.client.update(1, 1, createTypist(1).type('x'));
    await relay.settle();
    const drained = relay.core.drain(1000);
    await relay.advance(1000);
    await drained;
    await relay.settle();
    const said = ada.client.received.map(({ type }) => type).filter((type) => type === 'ack' || type === 'goodbye');
    expect(said).toEqual(['ack', 'goodbye']);
    expect(ada.client.last('goodbye')).toMatchObject({ closeCode: 1012 });
    expect(ada.client.last('goodbye').retryAfterMs).toBeGreaterThan(0);
    expect(ada.closes).toEqual([1012]);
  });
});
