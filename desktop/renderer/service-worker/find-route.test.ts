import { describe, expect, it } from 'vitest';
import { findRoute } from './find-route.ts';

const SCOPE = 'https://relay.example/tutti/';

function routeOf(path: string, { method = 'GET', mode = 'cors' }: Partial<Pick<Request, 'method' | 'mode'>> = {}) {
  return findRoute({ method, mode, url: SCOPE + path }, SCOPE);
}

describe('what is asked for', () => {
  it.each(['', '?x=1', '#x', 'join/room', 'join/room#secret-of-the-link', 'join/room?x=1#secret'])(
    'is the page, for a window that opens "%s"',
    (path) => expect(routeOf(path, { mode: 'navigate' })).toBe('page'),
  );

  it.each(['api/rooms', 'join/', 'join/a/b', 'healthz', 'assets/main-B1k9xQ2z.js', 'service-worker.js'])(
    'is nothing that is kept, for a window that opens "%s"',
    (path) => expect(routeOf(path, { mode: 'navigate' })).toBeUndefined(),
  );

  it('is a file of the page by its exact address', () => {
    expect(routeOf('assets/main-B1k9xQ2z.js')).toBe('asset');
    expect(routeOf('assets/codicon-DF1abBS2.ttf', { mode: 'same-origin' })).toBe('asset');
  });

  it.each([
    'api/rooms/r/tokens',
    'sync/r',
    'join/room',
    '',
    'browser.html',
    'assets/',
    'assets/a.js?token=t',
    'x/assets/a',
  ])('is nothing that is kept, for a script that asks for "%s"', (path) => expect(routeOf(path)).toBeUndefined());

  it('is nothing that is kept when something is sent, or when it is outside of the scope', () => {
    expect(routeOf('assets/a.js', { method: 'POST' })).toBeUndefined();
    expect(routeOf('join/room', { method: 'POST', mode: 'navigate' })).toBeUndefined();
    for (const url of ['https://relay.example/assets/a.js', 'https://other.example/tutti/assets/a.js']) {
      expect(findRoute({ method: 'GET', mode: 'cors', url }, SCOPE)).toBeUndefined();
    }
  });
});
