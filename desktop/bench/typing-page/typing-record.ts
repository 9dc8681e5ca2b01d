/** What a page saw, for whoever drives it. Times are milliseconds since the epoch, the same clock in all pages. */
export interface TypingRecord {
  /** When each key went down. */
  readonly keysAtMs: number[];
  /** When the Monaco model changed, and how long its text was then. */
  readonly changes: { readonly atMs: number; readonly length: number }[];
}

declare global {
  interface Window {
    /** Set once the document is in step with the relay and can be edited. */
    typingRecord?: TypingRecord;
  }
}
