import type { ReactElement } from 'react';

/** A codicon by its name, such as `new-file`. Decoration only: whatever it means must be said in words too. */
export function Icon({
  name,
  isSpinning = false,
}: {
  readonly name: string;
  readonly isSpinning?: boolean;
}): ReactElement {
  return <span className={`codicon codicon-${name}${isSpinning ? ' codicon-modifier-spin' : ''}`} aria-hidden="true" />;
}
