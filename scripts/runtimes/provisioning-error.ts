/** A runtime can neither be found nor installed. The message names every way to provide it. */
export class ProvisioningError extends Error {
  override readonly name = 'ProvisioningError';

  constructor(what: string, choices: readonly string[], cause?: unknown) {
    const reason = cause instanceof Error ? `\nThe attempt to install it failed: ${cause.message}` : '';
    super(
      `${what} is needed and was not found. Choose one:\n${choices.map((choice) => `  - ${choice}`).join('\n')}${reason}`,
    );
  }
}
