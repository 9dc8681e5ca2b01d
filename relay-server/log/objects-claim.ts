/** What a database knows of the mark that lies beside the objects. */
export interface ObjectsClaim {
  /** What the mark was when it was last changed, or looked at. */
  readonly current: string;
  /** What it is to become: it is either of the two. */
  readonly next: string;
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
