type UnexpectedErrorHandler = (error: unknown) => void;

declare function queueMicrotask(task: () => void): void;

const throwLater: UnexpectedErrorHandler = (error) => {
  queueMicrotask(() => {
    throw error;
  });
};

let handler: UnexpectedErrorHandler = throwLater;

/**
 * Reports an error that its caller cannot act on, such as one thrown by an event listener.
 * Without a handler it surfaces as an uncaught exception, so that nothing is swallowed.
 */
export function reportUnexpectedError(error: unknown): void {
  handler(error);
}

/** Sets the process-wide handler; each entry point does this once. Passing nothing restores the default. */
export function setUnexpectedErrorHandler(next?: UnexpectedErrorHandler): void {
  handler = next ?? throwLater;
}
