import { LogFailure } from '../log-failure.ts';

/** The code of an error of the file system, such as `ENOENT`. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** What the file system threw, for the operator. `message` says what could not be done, with a full stop. */
export function toLogFailure(error: unknown, message: string): LogFailure {
  if (error instanceof LogFailure) return error;
  const code = codeOf(error);
  if (code === 'ENOENT') return new LogFailure('corrupted', `${message} It is missing.`, { cause: error });
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new LogFailure('full', `${message} The disk is full.`, { cause: error });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new LogFailure('permission', `${message} Check who owns it and its permissions.`, { cause: error });
  }
  return new LogFailure('failed', message, { cause: error });
}
