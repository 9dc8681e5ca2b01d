import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PEER_COLORS } from './peer-colors.ts';

describe('PEER_COLORS', () => {
  it('are those of the presence palette, under the same indices', () => {
    const css = readFileSync(new URL('../theme/presence-colors.css', import.meta.url), 'utf8');
    const [, light = '', dark = ''] = css.split(/:root|\[data-theme='dark'\]/);
    for (const [index, color] of PEER_COLORS.entries()) {
      expect(light).toContain(`--presence-${index}: ${color.light.toLowerCase()};`);
      expect(dark).toContain(`--presence-${index}: ${color.dark.toLowerCase()};`);
    }
    expect(css).not.toContain(`--presence-${PEER_COLORS.length}:`);
  });
});
