import pg from 'pg';
import { errorMessage } from '../../../shared/lifecycle/index.ts';
import { isTlsError } from '../../tls-error.ts';
import { LogFailure, type LogFailureCode } from '../log-failure.ts';

/** An answer of the server that another attempt at once may avoid: somebody else was faster. */
export function isConflict(error: unknown): boolean {
  return error instanceof pg.DatabaseError && ['23505', '40001', '40P01'].includes(error.code ?? '');
}

/** Whether the connection that gave the error can go on. */
export function isConnectionUsable(error: unknown): boolean {
  // After a failover the address may lead to another server than this connection does.
  return error instanceof pg.DatabaseError && error.severity === 'ERROR' && error.code !== '25006';
}

/** Turns what `pg` throws into a {@link LogFailure} about the database called `label`. */
export function toLogFailure(label: string, error: unknown): LogFailure {
  if (error instanceof LogFailure) return error;
  const reason = reasonOf(error);
  if (reason.includes('client password must be a string'))
    return new LogFailure('permission', explainPassword(label), { cause: error });
  if (isInsecure(error)) return new LogFailure('permission', explainInsecure(label, reason), { cause: error });
  const sqlState = error instanceof pg.DatabaseError ? (error.code ?? '') : undefined;
  const code = sqlState === undefined ? codeOfConnection(error) : codeOfState(sqlState);
  return new LogFailure(code, explain(label, code, sqlState, reason), { cause: error });
}

function explainPassword(label: string): string {
  return `The database ${label} asks for a password, and its address has none. Give one: postgres://USER:PASSWORD@HOST/DATABASE.`;
}

function isInsecure(error: unknown): boolean {
  return isTlsError(error) || (error instanceof Error && error.message.includes('does not support SSL'));
}

function explainInsecure(label: string, reason: string): string {
  return `The database ${label} is not trusted or does not speak TLS (${reason}). Check its certificate, and sslmode and sslrootcert in its address.`;
}

/** States are of the standard's classes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function codeOfState(state: string): LogFailureCode {
  if (state === '53100') return 'full';
  if (['XX001', 'XX002', '58P01', '42P01', '42703', '3F000'].includes(state)) return 'corrupted';
  if (state.startsWith('28') || ['42501', '25006'].includes(state)) return 'permission';
  if (/^(08|57|53|40)/.test(state) || ['55P03', '25P03', '23505'].includes(state)) return 'busy';
  return 'failed';
}

function codeOfConnection(error: unknown): LogFailureCode {
  // Not found is often the work of an operator, but a name server that is away says the same.
  const isOfNetwork = error instanceof Error && 'code' in error && /^E[A-Z_]+$/.test(String(error.code));
  const isOfClient = error instanceof Error && /terminated|timeout|timed out|not queryable/i.test(error.message);
  return isOfNetwork || isOfClient || error instanceof AggregateError ? 'busy' : 'failed';
}

function reasonOf(error: unknown): string {
  // Of several addresses of one host, each failed in a way of its own.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ');
  return errorMessage(error);
}

function explain(label: string, code: LogFailureCode, sqlState: string | undefined, reason: string): string {
  const database = `The database ${label}`;
  if (sqlState === '3D000')
    return `${database} does not exist. Create it with CREATE DATABASE, or correct its address.`;
  switch (code) {
    case 'full':
      return `${database} has no space left (${reason}). Free some on its server; nothing that was stored is lost.`;
    case 'corrupted':
      return `${database} is damaged, or its tables are not those of this relay (${reason}). Restore it from a backup.`;
    case 'permission':
      return sqlState === '25006'
        ? `${database} is read-only (${reason}). Point the relay to the primary server.`
        : `${database} does not let the relay in (${reason}). Check the user and password of its address, and its rights.`;
    case 'busy':
      return `${database} does not answer (${reason}). Check that the server runs and can be reached.`;
    case 'failed':
      return `${database} failed: ${reason}.`;
  }
}
