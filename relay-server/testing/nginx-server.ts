import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { provisionNginx } from '../../scripts/runtimes/nginx.ts';
import { endProcess } from './end-process.ts';
import { findFreePort } from './free-port.ts';

const CONFIGURATION = fileURLToPath(new URL('../deploy/nginx/tutti.conf', import.meta.url));

/** A real nginx on 127.0.0.1 with the configuration that is deployed, in front of relay nodes. Whoever starts it disposes it. */
export class NginxServer {
  readonly url: string;
  private readonly folder: string;
  private readonly child: ChildProcess;

  static async start(relayUrls: readonly string[]): Promise<NginxServer> {
    const { executablePath } = await provisionNginx();
    const port = await findFreePort();
    const folder = mkdtempSync(join(tmpdir(), 'tutti-nginx-'));
    writeConfiguration(folder, port, relayUrls);
    const server = new NginxServer(executablePath, folder, port);
    try {
      await server.answers();
      return server;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  private constructor(executablePath: string, folder: string, port: number) {
    this.folder = folder;
    this.url = `http://127.0.0.1:${port}`;
    // It opens its standard output by name, which a pipe of Node's does not allow.
    const output = openSync(join(folder, 'output'), 'a');
    this.child = spawn(executablePath, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
      stdio: ['ignore', output, output],
    });
    closeSync(output);
  }

  /** What it has written, of requests and of errors. */
  get log(): string {
    return readFileSync(join(this.folder, 'output'), 'utf8');
  }

  async dispose(): Promise<void> {
    await endProcess(this.child, 'SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async answers(): Promise<void> {
    for (;;) {
      if (this.child.exitCode !== null) throw new Error(`nginx ended: ${this.log}`);
      const answer = await fetch(`${this.url}/healthz`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function writeConfiguration(folder: string, port: number, relayUrls: readonly string[]): void {
  mkdirSync(join(folder, 'logs'));
  const servers = relayUrls.map((url) => `server ${new URL(url).host} max_fails=0;`).join('\n');
  writeFileSync(join(folder, 'relays.conf'), `upstream tutti_relays {\nhash $tutti_room consistent;\n${servers}\n}\n`);
  writeFileSync(join(folder, 'tutti-listen.conf'), `listen 127.0.0.1:${port};\n`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const main = `
    daemon off;
    master_process off;
    pid ${folder}/nginx.pid;
    events { worker_connections 4096; }
    http {
      ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n      ')}
      include ${CONFIGURATION};
      include relays.conf;
    }
  `;
  writeFileSync(join(folder, 'nginx.conf'), main);
}
