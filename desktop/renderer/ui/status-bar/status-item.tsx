import type { ReactElement, ReactNode } from 'react';

interface StatusItemProps {
  readonly label?: string;
  readonly title: string;
  readonly className?: string;
  readonly onPress?: () => void;
  readonly children: ReactNode;
}

/** One entry of the status bar; a button when it does something. */
export function StatusItem({ label, title, className = '', onPress, children }: StatusItemProps): ReactElement {
  if (!onPress) {
    return (
      <span className={`status-item ${className}`} title={title}>
        {children}
      </span>
    );
  }
  return (
    <button type="button" className={`status-item ${className}`} aria-label={label} title={title} onClick={onPress}>
      {children}
    </button>
  );
}
