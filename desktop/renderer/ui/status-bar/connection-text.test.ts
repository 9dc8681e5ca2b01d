import { describe, expect, it } from 'vitest';
import { connectionAnnouncement, connectionText } from './connection-text.ts';

const RECONNECTING = {
  kind: 'reconnecting',
  sinceMs: 0,
  nextTryAtMs: 10_000,
  attempt: 3,
  explanation: 'The relay cannot be reached.',
} as const;

describe('connectionText', () => {
  it('counts down to the next try and offers one now', () => {
    expect(connectionText(RECONNECTING, false, 5_500)).toMatchObject({
      label: 'Reconnecting: next try in 5 s',
      canRetry: true,
      tone: 'normal',
    });
    expect(connectionText(RECONNECTING, false, 12_000).label).toBe('Reconnecting: trying again…');
  });

  it('says offline, why, and that nothing is lost', () => {
    const text = connectionText(RECONNECTING, true, 9_100);
    expect(text).toMatchObject({ label: 'Offline: next try in 1 s', tone: 'warning' });
    expect(text.description).toContain('The relay cannot be reached.');
    expect(text.description).toContain('kept on this device');
  });

  it('does not call it online while documents are compared', () => {
    expect(connectionText({ kind: 'catching-up', sinceMs: 0 }, false, 0).label).toBe('Catching up…');
  });

  it('is an error once nobody tries any more', () => {
    const ended = { kind: 'ended', sinceMs: 0, closeCode: 4403, explanation: 'You were removed.' } as const;
    expect(connectionText(ended, false, 0)).toMatchObject({ label: 'Disconnected', tone: 'error' });
  });
});

describe('connectionAnnouncement', () => {
  it('has no countdown', () => {
    expect(connectionAnnouncement(RECONNECTING, true)).not.toMatch(/\d/);
    expect(connectionAnnouncement(RECONNECTING, false)).toBe('');
    expect(connectionAnnouncement({ kind: 'online', sinceMs: 0 }, false)).toBe('Online.');
  });
});
