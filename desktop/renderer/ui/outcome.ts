/**
 * How an action ended. `explanation` is shown to the person as it is: what happened, to what, and what to do.
 * A person who cancels, for example in a folder picker, is `ok`.
 */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly explanation: string };

/** As {@link Outcome}, with what was asked for. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly explanation: string };
