/** The value below which `share` (0 to 1) of the samples lie, by the nearest rank. NaN without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Rounds to a hundredth, which is as fine as the clocks are. */
export function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
