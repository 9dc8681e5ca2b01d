import { describe, expect, it } from 'vitest';
import { connectionAnnouncement, connectionText, mayRetry } from './connection-text.ts';

const ONLINE = { kind: 'online', sinceMs: 0 } as const;
const CATCHING_UP = { kind: 'catching-up', sinceMs: 0 } as const;
const RECONNECTING = {
  kind: 'reconnecting',
  sinceMs: 0,
  nextTryAtMs: 10_000,
  attempt: 3,
  explanation: 'The relay cannot be reached.',
} as const;

describe('connectionText', () => {
  it('counts down to the next try and offers one now', () => {
    expect(connectionText(RECONNECTING, undefined, 5_500)).toMatchObject({
      label: 'Reconnecting: next try in 5 s',
      canRetry: true,
      tone: 'normal',
    });
    expect(connectionText(RECONNECTING, undefined, 12_000).label).toBe('Reconnecting: trying again…');
  });

  it('says offline, why, and that nothing is lost', () => {
    const text = connectionText(RECONNECTING, 'no-connection', 9_100);
    expect(text).toMatchObject({ label: 'Offline: next try in 1 s', tone: 'warning' });
    expect(text.description).toContain('The relay cannot be reached.');
    expect(text.description).toContain('kept on this device');
  });

  it('says offline of a connection on which nobody answers, and offers a try', () => {
    for (const state of [ONLINE, CATCHING_UP]) {
      const text = connectionText(state, 'no-answer', 0);
      expect(text).toMatchObject({ label: 'Offline: no answer', tone: 'warning', canRetry: true });
      expect(text.description).toContain('kept on this device');
    }
  });

  it('does not call it online while documents are compared, nor offline, however long it takes', () => {
    expect(connectionText(CATCHING_UP, undefined, 0).label).toBe('Catching up…');
    expect(connectionText(CATCHING_UP, 'catching-up', 0)).toMatchObject({ label: 'Catching up…', tone: 'normal' });
  });

  it('does not call it offline when the relay answers but is slow to save', () => {
    expect(connectionText(ONLINE, 'no-ack', 0)).toMatchObject({ label: 'Online: sending…', canRetry: false });
  });

  it('is an error once nobody tries any more', () => {
    const ended = { kind: 'ended', sinceMs: 0, closeCode: 4403, explanation: 'You were removed.' } as const;
    expect(connectionText(ended, 'no-connection', 0)).toMatchObject({ label: 'Disconnected', tone: 'error' });
    expect(mayRetry(ended, 'no-connection')).toBe(true);
  });
});

describe('connectionAnnouncement', () => {
  it('has no countdown', () => {
    expect(connectionAnnouncement(RECONNECTING, 'no-connection')).not.toMatch(/\d/);
    expect(connectionAnnouncement(RECONNECTING, undefined)).toBe('');
    expect(connectionAnnouncement(ONLINE, undefined)).toBe('Online.');
    expect(connectionAnnouncement(ONLINE, 'no-answer')).toMatch(/^Offline\./);
  });
});

it('offers no try where it is of no use', () => {
  const ended = { kind: 'ended', sinceMs: 0, closeCode: 4400, explanation: 'Open the link again.' } as const;
  expect(connectionText(ended, undefined, 0).canRetry).toBe(true);
  expect(connectionText({ ...ended, isFinal: true }, undefined, 0)).toMatchObject({
    canRetry: false,
    description: expect.stringContaining('Open the link again.') as unknown,
  });
});
