import { Socket } from 'node:net';
import pg from 'pg';
import { ChangeRefused } from '../change-refused.ts';
import { LogFailure } from '../log-failure.ts';
import type { DatabaseAddress } from './database-address.ts';
import { isConnectionUsable, toLogFailure } from './postgres-failure.ts';

/** A statement that the server prepares once for each connection. Names are unique. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export interface ConnectionPoolOptions {
  readonly maxConnections: number;
  /** A statement rejects after so long; when the server is silent too, its connection is given up. */
  readonly statementTimeoutMs: number;
  /** How long a call waits for a connection. */
  readonly connectTimeoutMs: number;
  /** Hears of connections that were lost while nobody used them. */
  reportProblem(problem: LogFailure): void;
}

/** The server has less time than that, so that it normally ends the statement by itself. */
const SILENCE_AFTER_TIMEOUT_MS = 1_000;
const IDLE_CONNECTION_MS = 30_000;

const types = new pg.TypeOverrides();
// Numbers of updates, and times in milliseconds: all of them safe integers.
types.setTypeParser(pg.types.builtins.INT8, Number);

/**
 * Connections to one database, made when they are needed. A connection that failed is given up and the next call makes
 * a new one; no failure of the network is an uncaught one.
 */
export class ConnectionPool {
  readonly label: string;
  private readonly pool: pg.Pool;
  private readonly clients = new Set<pg.PoolClient>();
  private closing: Promise<void> | undefined;

  constructor(address: DatabaseAddress, options: ConnectionPoolOptions) {
    this.label = address.label;
    const silenceMs = options.statementTimeoutMs + SILENCE_AFTER_TIMEOUT_MS;
    this.pool = new pg.Pool({
      connectionString: address.url,
      max: options.maxConnections,
      connectionTimeoutMillis: options.connectTimeoutMs,
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      keepAlive: true,
      fallback_application_name: 'tutti-relay',
      types,
      verify: (client, done) => client.query(sessionSettings(options.statementTimeoutMs), done),
    });
    this.pool.on('connect', (client) => {
      this.clients.add(client);
      client.once('end', () => this.clients.delete(client));
      // A connection that is lost in use rejects its statement; it says the same by an event, which nobody else takes.
      client.on('error', () => {});
      const { stream } = client.connection;
      stream.on('timeout', () => stream.destroy(new Error('the connection timed out')));
    });
    this.pool.on('acquire', (client) => limitSilence(client, silenceMs));
    this.pool.on('release', (_error, client) => limitSilence(client, 0));
    this.pool.on('error', (error) => options.reportProblem(toLogFailure(this.label, error)));
  }

  /** The same connections for Kysely, which must not end them. */
  get connections(): pg.Pool {
    return this.pool;
  }

  /** Runs one statement, which is a transaction of its own. Rejects with what `pg` throws. */
  async query<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    if (this.closing) throw new LogFailure('failed', `The connection to the database ${this.label} was closed.`);
    const client = await this.pool.connect();
    let isUsable = true;
    try {
      const { rows } = await client.query<Row>({ ...statement, values: [...values] });
      return rows;
    } catch (error) {
      isUsable = isConnectionUsable(error);
      throw error;
    } finally {
      client.release(!isUsable);
    }
  }

  /** Runs `work` and makes each of its failures a {@link LogFailure}, but those of a {@link ChangeRefused}. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof ChangeRefused ? error : toLogFailure(this.label, error);
    }
  }

  /** Waits for the statements under way, then ends all connections. */
  close(): Promise<void> {
    return (this.closing ??= this.closeOnce());
  }

  private async closeOnce(): Promise<void> {
    await this.pool.end();
    // A server that does not answer would not say goodbye either.
    for (const client of this.clients) client.connection.stream.destroy();
  }
}

// Set here and not in the address, where the connection poolers that stand before a server refuse them.
function sessionSettings(statementTimeoutMs: number): string {
  return [
    // A commit is on the disk when it returns: an ack promises that.
    'SET synchronous_commit = on',
    `SET statement_timeout = ${statementTimeoutMs}`,
    `SET idle_in_transaction_session_timeout = ${statementTimeoutMs}`,
  ].join('; ');
}

/** A connection that is in use is given up when nothing comes or goes on it for so long. */
function limitSilence({ connection: { stream } }: pg.Client, silenceMs: number): void {
  if (stream instanceof Socket) stream.setTimeout(silenceMs);
}
