/** Seeds of the convergence fuzz that once failed. They always run. */
export const PINNED_SEEDS: readonly number[] = [20, 48, 52, 63, 123, 200];

/** The same for several relay nodes. */
export const PINNED_CLUSTER_SEEDS: readonly number[] = [];
