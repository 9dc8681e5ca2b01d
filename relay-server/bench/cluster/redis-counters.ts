import { once } from 'node:events';
import { connect } from 'node:net';

/** What a Redis server has done since it started. */
export interface RedisCounters {
  readonly publishedMessages: number;
  readonly sentBytes: number;
}

const ANSWERED_WITHIN_MS = 5_000;

/** Asks the Redis server at a port of 127.0.0.1, on a connection of its own. */
export async function readRedisCounters(port: number): Promise<RedisCounters> {
  const info = await ask(port, 'INFO everything');
  // A server that has never published has no line for it.
  const published = /^cmdstat_publish:calls=(\d+)/m.exec(info)?.[1] ?? '0';
  const sent = /^total_net_output_bytes:(\d+)/m.exec(info)?.[1];
  if (sent === undefined) throw new Error(`Redis does not say how much it has sent: ${info.slice(0, 200)}`);
  return { publishedMessages: Number(published), sentBytes: Number(sent) };
}

async function ask(port: number, command: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  const signal = AbortSignal.timeout(ANSWERED_WITHIN_MS);
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  try {
    await once(socket, 'connect', { signal });
    // It closes the connection once it has answered.
    socket.write(`${command}\r\nQUIT\r\n`);
    await once(socket, 'end', { signal });
  } finally {
    socket.destroy();
  }
  return answer;
}
