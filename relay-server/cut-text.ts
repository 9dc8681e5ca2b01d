/** Cuts a text to at most `maxBytes` of UTF-8. */
export function cutText(text: string, maxBytes: number): string {
  return Buffer.byteLength(text) <= maxBytes
    ? text
    : Buffer.from(text)
        .subarray(0, maxBytes - 3)
        .toString()
        .replace(/\uFFFD$/, '');
}
