/**
 * - `full`: the disk, or the space set aside, is used up; what was there before is untouched.
 * - `corrupted`: the stored data is damaged.
 * - `permission`: the process may not read or write the file, or is not let into the database.
 * - `busy`: another process held the file for too long, or the database could not be reached or gave no answer in time.
 *   The same call may succeed later. Whether it was done is unknown; every method may be called again.
 * - `failed`: anything else, such as an input/output error.
 */
export type LogFailureCode = 'full' | 'corrupted' | 'permission' | 'busy' | 'failed';

/** The log or the snapshot store could not do what it was asked. Unless it is `busy`, nothing of a failed append is stored. */
export class LogFailure extends Error {
  readonly code: LogFailureCode;

  constructor(code: LogFailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogFailure';
    this.code = code;
  }
}
