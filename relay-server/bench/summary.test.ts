import { describe, expect, it } from 'vitest';
import { median } from './statistics.ts';
import { summarise } from './summary.ts';
import type { FigureDefinition, Work } from './work.ts';

const FIGURE: FigureDefinition = { key: 'cpu', label: 'CPU', unit: 'ms', aim: { kind: 'ratio', atMost: 0.6 } };
const WORK: Work = { name: 'w', title: 'W', rounds: 3, figures: [FIGURE], run: () => Promise.resolve({}) };

describe('the summary of a work', () => {
  it('compares within rounds, and with the peer that does best', () => {
    const rounds = [
      { tutti: { cpu: 10 }, hocuspocus: { cpu: 20 }, 'y-websocket': { cpu: 40 } },
      { tutti: { cpu: 50 }, hocuspocus: { cpu: 100 }, 'y-websocket': { cpu: 200 } },
      { tutti: { cpu: 12 }, hocuspocus: { cpu: 15 }, 'y-websocket': { cpu: 40 } },
    ];
    const summary = summarise({ work: WORK, rounds }, FIGURE);
    expect(summary).toMatchObject({ best: 'hocuspocus', ratio: 0.5, isMet: true });
    expect(summary.medians).toEqual({ tutti: 12, hocuspocus: 20, 'y-websocket': 40 });
  });

  it('judges a plain value without any peer', () => {
    const figure: FigureDefinition = { ...FIGURE, aim: { kind: 'value', atMost: 0 } };
    expect(summarise({ work: WORK, rounds: [{ tutti: { cpu: 0 } }] }, figure).isMet).toBe(true);
    expect(summarise({ work: WORK, rounds: [{ tutti: { cpu: 1 } }] }, figure).isMet).toBe(false);
  });

  it('takes the mean of the two in the middle', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});
