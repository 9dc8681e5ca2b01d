import pg from 'pg';
import { LogFailure } from '../log-failure.ts';

/** A checked address of a database. */
export interface DatabaseAddress {
  readonly url: string;
  /** The place in words, without the password. */
  readonly label: string;
}

/** Reads `postgres://user:password@host:port/database`. Throws a {@link LogFailure} that does not repeat the password. */
export function parseDatabaseAddress(url: string): DatabaseAddress {
  if (!/^postgres(ql)?:\/\//i.test(url)) throw malformed();
  refuseUnclear(url);
  try {
    const { host, port, database, user } = new pg.Client({ connectionString: url });
    return { url, label: `${database ?? user ?? ''} at ${host}:${port}` };
  } catch (error) {
    throw isOfFile(error) ? unreadable(error) : malformed(error);
  }
}

function refuseUnclear(url: string): void {
  const parsed = URL.parse(url);
  if (!parsed) return;
  // What of a password comes after a bare # / or ? would be taken for something else, and shown as that.
  if (parsed.hash !== '' || /@/.test(parsed.pathname + parsed.search)) throw malformed();
  // Both may name the folder of a socket too.
  if (parsed.hostname === '' && !parsed.searchParams.get('host') && !process.env['PGHOST']) throw withoutHost();
}

function isOfFile(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function unreadable(cause: NodeJS.ErrnoException): LogFailure {
  const message = `A file that the address of the database names cannot be read (${cause.message}).`;
  return new LogFailure('permission', message, { cause });
}

function withoutHost(): LogFailure {
  return new LogFailure(
    'failed',
    'The address of the database names no host. Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
  );
}

function malformed(cause?: unknown): LogFailure {
  return new LogFailure(
    'failed',
    'The address of the database cannot be read. Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE, with special characters of the password percent-encoded: # as %23, / as %2F, ? as %3F, @ as %40.',
    { cause },
  );
}
