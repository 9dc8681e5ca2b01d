import { LogFailure } from './log-failure.ts';

/** What a database knows of the mark that lies beside the objects. */
export interface ObjectsClaim {
  /** What the mark was when it was last changed, or looked at; {@link NO_MARK_YET} before the first is known to be there. */
  readonly current: string;
  /** What it is to become: it is either of the two. */
  readonly next: string;
  /** What it was before, newest first: who writes late may bring one of these back. */
  readonly past: readonly string[];
}

/** A relay that is killed in its very first start leaves it: a mark may have been written or not. */
export const NO_MARK_YET = '';

/** Kept as JSON in the database. */
export function encodePastMarks(past: readonly string[]): string {
  return JSON.stringify(past);
}

/** Throws a {@link LogFailure} for what no relay has written. */
export function decodePastMarks(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((mark) => typeof mark === 'string')) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new LogFailure('corrupted', `The database has unknown marks of objects: ${text.slice(0, 64)}.`);
}

/** Kept in the database. Every method rejects with a `LogFailure`. */
export interface ObjectsClaims {
  /** Undefined in a database that has never seen a mark. */
  read(): Promise<ObjectsClaim | undefined>;
  /** False, and nothing is done, when the claim is not `replaced` by now. */
  replace(replaced: ObjectsClaim | undefined, claim: ObjectsClaim): Promise<boolean>;
}

/** The mark beside the objects that says which database they belong to. Every method rejects with a `LogFailure`. */
export interface ObjectsMark {
  /** Undefined when there is none. */
  read(): Promise<string | undefined>;
  /** Durable when it resolves. */
  write(mark: string): Promise<void>;
}
