import { Component, type ReactElement, type ReactNode } from 'react';

interface PartBoundaryProps {
  /** What the person calls it, as the start of a sentence: "The side bar". */
  readonly part: string;
  readonly children: ReactNode;
}

interface PartBoundaryState {
  readonly hasFailed: boolean;
}

/** Keeps a part of the window that cannot be drawn from taking the others away. The root is told what failed. */
export class PartBoundary extends Component<PartBoundaryProps, PartBoundaryState> {
  override state: PartBoundaryState = { hasFailed: false };

  static getDerivedStateFromError(): PartBoundaryState {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return <FailedPart part={this.props.part} onRetry={() => this.setState({ hasFailed: false })} />;
  }
}

function FailedPart({ part, onRetry }: { readonly part: string; readonly onRetry: () => void }): ReactElement {
  return (
    <div className="failed-part" role="alert">
      <span>{part} could not be drawn. Your edits are safe.</span>
      <button type="button" className="button button-secondary" onClick={onRetry}>
        Draw It Again
      </button>
    </div>
  );
}
