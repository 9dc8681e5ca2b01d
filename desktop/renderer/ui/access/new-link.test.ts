import { expect, it } from 'vitest';
import { type DraftField, EMPTY_DRAFT, type LinkDraft, readDraft } from './new-link.ts';

const NOW_MS = Date.parse('2030-01-01T00:00:00Z');

it('asks for what was typed, and for nothing else', () => {
  expect(readDraft({ ...EMPTY_DRAFT, expiry: 'never' }, NOW_MS)).toEqual({ ok: true, link: { role: 'editor' } });
  const draft = {
    role: 'viewer',
    expiry: '1d',
    customExpiry: '',
    maxUses: ' 3 ',
    needsApproval: true,
    label: ' Reviewers ',
    paths: 'src/**, docs/*.md\n\n  README.md  ,',
  } as const;
  const paths = ['src/**', 'docs/*.md', 'README.md'];
  const link = { role: 'viewer', label: 'Reviewers', expiresInSeconds: 86_400, maxUses: 3, needsApproval: true, paths };
  expect(readDraft(draft, NOW_MS)).toEqual({ ok: true, link });
});

const WRONG: readonly (readonly [part: Partial<LinkDraft>, field: DraftField, explanation: string])[] = [
  [{ maxUses: '0' }, 'maxUses', ''],
  [{ maxUses: '1.5' }, 'maxUses', ''],
  [{ maxUses: 'many' }, 'maxUses', ''],
  [{ expiry: 'custom', customExpiry: '' }, 'customExpiry', ''],
  [{ expiry: 'custom', customExpiry: '2029-12-31T00:00' }, 'customExpiry', ''],
  [{ paths: 'a,'.repeat(51) }, 'paths', ''],
  [{ paths: 'src/**, ../secret' }, 'paths', '“../secret” leads out of a folder'],
  [{ paths: '/src' }, 'paths', 'without the / at the start'],
  [{ paths: 'src\\a' }, 'paths', 'with / between the names'],
  [{ paths: 'src//a' }, 'paths', 'without a name'],
  [{ paths: 'src/**.ts' }, 'paths', '** must stand alone'],
  [{ paths: 'x'.repeat(257) }, 'paths', 'too long'],
];

it.each(WRONG)('says what is wrong with %j', (part, field, explanation) => {
  const wrong = { ok: false, field, explanation: expect.stringContaining(explanation) as unknown };
  expect(readDraft({ ...EMPTY_DRAFT, ...part }, NOW_MS)).toMatchObject(wrong);
});

it('takes folders as people write them', () => {
  const verdict = readDraft({ ...EMPTY_DRAFT, paths: './src/, docs/' }, NOW_MS);
  expect(verdict.ok ? verdict.link.paths : verdict).toEqual(['src', 'docs']);
});

it('counts the time until a chosen moment', () => {
  const verdict = readDraft({ ...EMPTY_DRAFT, expiry: 'custom', customExpiry: '2030-01-03T00:00' }, NOW_MS);
  const seconds = verdict.ok ? (verdict.link.expiresInSeconds ?? 0) : 0;
  // Local time: within a day of UTC everywhere.
  expect(Math.abs(seconds - 2 * 86_400)).toBeLessThan(86_400);
});
