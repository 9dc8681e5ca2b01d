import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { LogFailure } from '../log-failure.ts';
import { isConnectionUsable, toLogFailure } from './postgres-failure.ts';

function answer(state: string, message: string, severity = 'ERROR'): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError(message, 0, 'error'), { code: state, severity });
}

describe('failures of Postgres', () => {
  it.each([
    ['53100', 'could not extend file', 'full', /no space left \(could not extend file\)/],
    ['XX001', 'invalid page in block 3', 'corrupted', /damaged.*backup/],
    ['42P01', 'relation "updates" does not exist', 'corrupted', /not those of this relay/],
    ['28P01', 'password authentication failed', 'permission', /user and password/],
    ['42501', 'permission denied', 'permission', /rights/],
    ['25006', 'read-only transaction', 'permission', /primary server/],
    ['3D000', 'no database', 'failed', /CREATE DATABASE/],
    ['57014', 'statement timeout', 'busy', /does not answer.*can be reached\.$/],
    ['57P03', 'starting up', 'busy', /does not answer/],
    ['53300', 'too many connections', 'busy', /too many connections/],
    ['22021', 'invalid byte sequence', 'failed', /failed: invalid byte sequence/],
  ])('%s %s is %s', (state, message, code, words) => {
    const failure = toLogFailure('relay at db:5432', answer(state, message));
    expect(failure).toMatchObject({ name: 'LogFailure', code });
    expect(failure.message).toMatch(words);
    expect(failure.message).toContain('relay at db:5432');
  });

  it.each([
    Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' }),
    new AggregateError([new Error('connect ECONNREFUSED ::1:5432'), new Error('connect ECONNREFUSED 127.0.0.1:5432')]),
    new Error('Connection terminated unexpectedly'),
    new Error('timeout exceeded when trying to connect'),
  ])('the connection is lost: %s', (error) => {
    const failure = toLogFailure('relay at db:5432', error);
    expect(failure.code).toBe('busy');
    expect(failure.message).toMatch(/\((.+)\)/);
  });

  it('keeps what is explained already, and what it does not know', () => {
    const explained = new LogFailure('corrupted', 'explained');
    expect(toLogFailure('relay at db:5432', explained)).toBe(explained);
    const unknown = new RangeError('unknown');
    expect(toLogFailure('relay at db:5432', unknown)).toMatchObject({ code: 'failed', cause: unknown });
  });

  it('gives up a connection that is lost, or that leads to a server which only reads', () => {
    expect(isConnectionUsable(answer('23505', 'duplicate key'))).toBe(true);
    expect(isConnectionUsable(answer('57P01', 'terminating', 'FATAL'))).toBe(false);
    expect(isConnectionUsable(answer('25006', 'read-only'))).toBe(false);
    expect(isConnectionUsable(new Error('Connection terminated'))).toBe(false);
  });
});
