import { describe, expect, it } from 'vitest';
import { agreementText } from './agreement-text.ts';

describe('agreementText', () => {
  it('counts the copies, self’s own among them, and names the others', () => {
    const three = agreementText({ kind: 'identical', names: ['Ben', 'Cleo'] }, 3);
    expect(three.label).toBe('Identical on all 3');
    expect(three.description).toContain('Ben, Cleo');
    expect(agreementText({ kind: 'identical', names: ['Ben'] }, 2).label).toBe('Identical on both');
  });

  it('does not speak of all when somebody in the room does not have the file open', () => {
    const { label, description } = agreementText({ kind: 'identical', names: ['Ben'] }, 4);
    expect(label).toBe('Identical on 2 devices');
    expect(description).toContain('Ben');
    expect(description).toContain('With the others in the room the file is not open.');
    expect(agreementText({ kind: 'identical', names: ['Ben', 'Cleo'] }, 4).label).toBe('Identical on 3 devices');
  });

  it('claims nothing while people type', () => {
    expect(agreementText({ kind: 'waiting', names: ['Ben'] }, 2).label).toBe('Comparing…');
  });

  it('says with whom the text differs, and that nothing is lost by a resync', () => {
    const { label, description } = agreementText({ kind: 'differs', names: ['Ben'], isHere: false }, 2);
    expect(label).toBe('Differs');
    expect(description).toContain('Ben');
    expect(description).toContain('kept as a new file');
    expect(agreementText({ kind: 'differs', names: [], isHere: true }, 1).label).toBe('Differs in this window');
  });
});
