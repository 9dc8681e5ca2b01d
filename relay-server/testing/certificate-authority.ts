import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { provisionOpenssl } from '../../scripts/runtimes/openssl.ts';

/** What a server shows to those who connect, in PEM. */
export interface ServerCertificate {
  readonly certificate: string;
  readonly key: string;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const VALID = ['-days', '2'];

/** An authority for the certificates of servers in tests, which nobody else trusts. */
export class CertificateAuthority {
  /** The file with its own certificate. */
  readonly file: string;
  private readonly folder: string;
  private readonly openssl: string;
  private issued = 0;

  /** `folder` has to be there; whoever made it deletes it. */
  static async create(folder: string): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(folder, (await provisionOpenssl()).executablePath);
    const extensions = ['-addext', 'keyUsage=critical,keyCertSign'];
    await authority.run('req', '-x509', ...NEW_KEY, ...VALID, ...extensions, '-subj', '/CN=Authority of the tests', [
      ...['-keyout', 'authority.key', '-out', 'authority.pem'],
    ]);
    return authority;
  }

  private constructor(folder: string, openssl: string) {
    this.folder = folder;
    this.openssl = openssl;
    this.file = join(folder, 'authority.pem');
  }

  /** A certificate for names such as `IP:127.0.0.1` or `DNS:localhost`. */
  async issue(...names: readonly string[]): Promise<ServerCertificate> {
    const name = `server-${++this.issued}`;
    await this.run('req', ...NEW_KEY, '-subj', `/CN=${name}`, ['-keyout', `${name}.key`, '-out', `${name}.csr`]);
    writeFileSync(join(this.folder, `${name}.extensions`), `subjectAltName=${names.join(',')}\n`);
    const signer = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial'];
    const extensions = ['-extfile', `${name}.extensions`];
    await this.run('x509', '-req', '-in', `${name}.csr`, ...signer, ...VALID, ...extensions, ['-out', `${name}.pem`]);
    return { certificate: this.read(`${name}.pem`), key: this.read(`${name}.key`) };
  }

  private read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }

  private async run(...args: readonly (string | readonly string[])[]): Promise<void> {
    await promisify(execFile)(this.openssl, args.flat(), { cwd: this.folder });
  }
}
