import { type ReactElement, type ReactNode, useId, useState } from 'react';
import { Icon } from '../primitives/icon.tsx';

interface SectionProps {
  readonly title: string;
  /** Shown beside the title; undefined or zero shows none. */
  readonly count?: number | undefined;
  readonly children: ReactNode;
}

/** A part of a view that can be folded away. */
export function Section({ title, count = 0, children }: SectionProps): ReactElement {
  const [isOpen, setOpen] = useState(true);
  const id = useId();
  return (
    <>
      <h3 className="section-heading">
        <button
          type="button"
          className="section-toggle"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
          <span className="ellipsis">{title}</span>
          {count > 0 && <span className="count-badge">{count}</span>}
        </button>
      </h3>
      <div id={id} hidden={!isOpen}>
        {isOpen && children}
      </div>
    </>
  );
}
