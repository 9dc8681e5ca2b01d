/** Seeds of the model that once failed. They always run. */
export const PINNED_SEEDS: readonly number[] = [14, 59, 1085];
