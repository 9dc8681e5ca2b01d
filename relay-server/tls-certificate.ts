import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import {
  type Disposable,
  errorMessage,
  MutableDisposable,
  scheduleEvery,
  type Scheduler,
} from '../shared/lifecycle/index.ts';
import { OperatorError } from './data-folder.ts';

export interface TlsFiles {
  /** The certificate, followed by those of the authorities between it and the one that is trusted, in PEM. */
  readonly certFile: string;
  /** Its private key, in PEM, without a passphrase. */
  readonly keyFile: string;
}

/** What a server shows to those who connect, in PEM. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

export interface TlsCertificateOptions {
  readonly files: TlsFiles;
  readonly scheduler: Scheduler;
  readonly reportProblem: (error: unknown) => void;
}

const INTERVAL_MS = 5_000;

/** A certificate and its key in files that somebody renews while the relay runs. */
export class TlsCertificate implements Disposable {
  private readonly options: TlsCertificateOptions;
  private readonly watching = new MutableDisposable<Disposable>();
  private current: TlsPair;
  /** What was read last and could not be used, or why nothing could be read. */
  private unusable = '';
  private reported = '';
  private isReading = false;

  /** Reads both. Rejects with {@link OperatorError}. */
  static async open(options: TlsCertificateOptions): Promise<TlsCertificate> {
    const pair = await readPair(options.files);
    check(pair, options.files);
    const expired = describeExpiry(pair, options);
    if (expired !== undefined) options.reportProblem(new OperatorError(expired));
    return new TlsCertificate(options, pair);
  }

  private constructor(options: TlsCertificateOptions, pair: TlsPair) {
    this.options = options;
    this.current = pair;
  }

  get pair(): TlsPair {
    return this.current;
  }

  /** Calls back with every other pair that comes, until it is disposed. What cannot be used changes nothing. */
  watch(onChange: (pair: TlsPair) => void): void {
    this.watching.value = scheduleEvery(this.options.scheduler, () => void this.look(onChange), INTERVAL_MS);
  }

  dispose(): void {
    this.watching.dispose();
  }

  private async look(onChange: (pair: TlsPair) => void): Promise<void> {
    if (this.isReading) return;
    this.isReading = true;
    let text = '';
    try {
      const pair = await readPair(this.options.files);
      text = `${pair.cert}\n${pair.key}`;
      if (pair.cert === this.current.cert && pair.key === this.current.key) return;
      check(pair, this.options.files);
      this.current = pair;
      onChange(pair);
    } catch (error) {
      this.noteUnusable(text, error);
    } finally {
      this.isReading = false;
    }
  }

  /** One file may have been replaced a moment before the other: only what stays so is a problem, and said once. */
  private noteUnusable(text: string, error: unknown): void {
    const state = text === '' ? String(error) : text;
    const isLasting = state === this.unusable;
    this.unusable = state;
    if (!isLasting || this.reported === state) return;
    this.reported = state;
    const reason = errorMessage(error);
    this.options.reportProblem(new OperatorError(`${reason} The relay goes on with the certificate that it has.`));
  }
}

async function readPair({ certFile, keyFile }: TlsFiles): Promise<TlsPair> {
  const [cert, key] = await Promise.all([read(certFile, 'certificate'), read(keyFile, 'key of the certificate')]);
  return { cert, key };
}

async function read(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new OperatorError(`The ${what} ${file} cannot be read (${reason}).`, { cause: error });
  }
}

/** Whatever the library says of a key is not repeated: it is not known what it quotes. */
function check(pair: TlsPair, { certFile, keyFile }: TlsFiles): void {
  try {
    createSecureContext({ cert: pair.cert });
  } catch (error) {
    throw new OperatorError(`The file ${certFile} holds no certificate in PEM.`, { cause: error });
  }
  try {
    createSecureContext({ key: pair.key });
  } catch (error) {
    throw new OperatorError(`The file ${keyFile} holds no private key in PEM, or one with a passphrase.`, {
      cause: error,
    });
  }
  try {
    createSecureContext(pair);
  } catch (error) {
    throw new OperatorError(`The key ${keyFile} does not belong to the certificate ${certFile}.`, { cause: error });
  }
}

function describeExpiry({ cert }: TlsPair, { files, scheduler }: TlsCertificateOptions): string | undefined {
  const { validTo } = new X509Certificate(cert);
  if (Date.parse(validTo) > scheduler.now()) return undefined;
  return `The certificate ${files.certFile} has expired (${validTo}): nobody will trust it. Renew it; the relay reads it again.`;
}
