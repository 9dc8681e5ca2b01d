import { describe, expect, it } from 'vitest';
import { agreementText } from './agreement-text.ts';

describe('agreementText', () => {
  it('counts the copies, self’s own among them, and names the others', () => {
    const three = agreementText({ kind: 'identical', names: ['Ben', 'Cleo'] });
    expect(three.label).toBe('Identical on all 3');
    expect(three.description).toContain('Ben, Cleo');
    expect(agreementText({ kind: 'identical', names: ['Ben'] }).label).toBe('Identical on both');
  });

  it('claims nothing while people type', () => {
    expect(agreementText({ kind: 'waiting', names: ['Ben'] }).label).toBe('Comparing…');
  });

  it('says with whom the text differs, and that nothing is lost by a resync', () => {
    const { label, description } = agreementText({ kind: 'differs', names: ['Ben'], isHere: false });
    expect(label).toBe('Differs');
    expect(description).toContain('Ben');
    expect(description).toContain('kept as a new file');
    expect(agreementText({ kind: 'differs', names: [], isHere: true }).label).toBe('Differs in this window');
  });
});
