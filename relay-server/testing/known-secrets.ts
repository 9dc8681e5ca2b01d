import { createHash } from 'node:crypto';
import { expect } from 'vitest';

const JWT = /eyJ[\w-]{8,}\.?[\w-]*/;
const ENCODINGS = ['hex', 'base64', 'base64url'] as const;

/** Everything that must be in no output and in no error, in whatever form. */
export class KnownSecrets {
  private readonly forms = new Map<string, string>();

  /** `what` names it where it is found. */
  add(what: string, secret: string): void {
    if (secret.length < 6) throw new Error(`${what} is too short to be told from other text`);
    const hash = createHash('sha256').update(secret).digest();
    this.forms.set(secret, what);
    this.forms.set(encodeURIComponent(secret), what);
    for (const encoding of ENCODINGS) {
      this.forms.set(Buffer.from(secret).toString(encoding).replace(/=+$/, ''), `${what} in ${encoding}`);
      this.forms.set(hash.toString(encoding).replace(/=+$/, ''), `hash of ${what} in ${encoding}`);
    }
    // Of a token each part is one.
    for (const part of secret.split('.')) if (part.length >= 16) this.forms.set(part, `part of ${what}`);
  }

  /** Fails when a store has one in a form from which it could be used; hashes may be there. */
  expectOnlyHashesIn(where: string, text: string): void {
    const found = [...this.forms].filter(([form, what]) => !what.startsWith('hash of') && text.includes(form));
    expect([where, found.map(([, what]) => what), JWT.exec(text)?.[0]]).toEqual([where, [], undefined]);
  }

  /** Fails when a text has one of them, or a token that nobody has added. */
  expectNoneIn(where: string, text: string): void {
    const found = [...this.forms].filter(([form]) => text.includes(form)).map(([, what]) => what);
    expect([where, found, JWT.exec(text)?.[0]]).toEqual([where, [], undefined]);
  }
}
