import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { AUDIT_KINDS } from '../../log/access-directory.ts';
import { API_ROUTES } from './index.ts';

const README = readFileSync(new URL('./README.md', import.meta.url), 'utf8');
/** What there is of each route, from its heading to the next. */
const SECTIONS = new Map(
  [...README.matchAll(/^### `([A-Z]+ [^`]+)`\n((?:(?!^#)[^])*)/gm)].map(([, heading = '', text = '']) => [
    heading.replaceAll(/\{\w+\}/g, '*'),
    text,
  ]),
);

it('has every route that the relay answers, and no other', () => {
  expect([...SECTIONS.keys()].toSorted()).toEqual(API_ROUTES.toSorted());
});

it('says of each what is sent, what is answered, and what goes wrong', () => {
  for (const [route, text] of SECTIONS) {
    expect([route, text]).toEqual([route, expect.stringMatching(/^- Answer: 20[0-4]/m)]);
    expect([route, text]).toEqual([route, expect.stringMatching(/^- Errors: /m)]);
    if (/^(?:POST|PUT) /.test(route))
      expect([route, text]).toEqual([route, expect.stringMatching(/^- Body.*`\{|^- Body: exactly/m)]);
  }
});

it('names every kind of event but those of before', () => {
  const audit = SECTIONS.get('GET /api/rooms/*/audit') ?? '';
  const missing = AUDIT_KINDS.filter((kind) => !audit.includes(`\`${kind}\``));
  // Nothing notes it any more.
  expect(missing).toEqual(['room-created']);
});
