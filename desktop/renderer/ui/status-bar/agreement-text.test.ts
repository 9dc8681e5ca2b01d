import { describe, expect, it } from 'vitest';
import { followAgreement } from '../agreement-view.ts';
import { agreementText } from './agreement-text.ts';

describe('agreementText', () => {
  it('counts the copies, self’s own among them, and names the others', () => {
    const three = agreementText({ kind: 'identical', names: ['Ben', 'Cleo'], missing: [] }, 3);
    expect(three.label).toBe('Identical on all 3');
    expect(three.description).toContain('Ben, Cleo');
    expect(agreementText({ kind: 'identical', names: ['Ben'], missing: [] }, 2).label).toBe('Identical on both');
  });

  it('does not speak of all when somebody in the room does not have the file open', () => {
    const { label, description } = agreementText({ kind: 'identical', names: ['Ben'], missing: ['Dan', 'Eve'] }, 4);
    expect(label).toBe('Identical on 2 of 4 devices');
    expect(description).toContain('the same here and with: Ben\n');
    expect(description).toContain('Not compared: Dan, Eve, who do not have the file open, or do not answer.');
    const three = agreementText({ kind: 'identical', names: ['Ben', 'Cleo'], missing: ['Dan'] }, 4);
    expect(three.label).toBe('Identical on 3 of 4 devices');
    expect(three.description).toContain('Dan, who does not have');
  });

  it('claims nothing while people type', () => {
    expect(agreementText({ kind: 'waiting', names: ['Ben'], before: undefined }, 2).label).toBe('Comparing…');
  });

  it('remembers while people type what was found before, and that it was', () => {
    const identical = { kind: 'identical', names: ['Ben', 'Cleo'], missing: [] } as const;
    const typing = { kind: 'waiting', names: ['Ben'], before: undefined } as const;
    const waiting = followAgreement(followAgreement(identical, typing), typing);
    expect(waiting).toEqual({ ...typing, before: identical });
    if (!waiting) throw new Error('nothing is said');
    expect(agreementText(waiting, 3)).toMatchObject({ label: 'Identical on all 3 …', isStale: true });
    expect(agreementText(waiting, 3).description).toContain('It was the same when it was compared last.');
    expect(followAgreement({ kind: 'differs', names: ['Ben'], isHere: false }, typing)).toEqual(typing);
    expect(followAgreement(waiting, undefined)).toBeUndefined();
  });

  it('says with whom the text differs, and that nothing is lost by a resync', () => {
    const { label, description } = agreementText({ kind: 'differs', names: ['Ben'], isHere: false }, 2);
    expect(label).toBe('Differs');
    expect(description).toContain('Ben');
    expect(description).toContain('kept as a new file');
    expect(agreementText({ kind: 'differs', names: [], isHere: true }, 1).label).toBe('Differs in this window');
  });
});
