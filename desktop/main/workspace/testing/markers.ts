/** A number of its own, and the number of the file that it was made in. */
const MARKER = /<\d+_(\d+)>/g;

/** The markers of a text, in its order. */
export function markersIn(text: string): string[] {
  return text.match(MARKER) ?? [];
}

/** Whether the content is that of a file which is no text. */
export function isBinary(content: string): boolean {
  return content.startsWith('\0');
}

/** The files that the markers of a text were made in. */
export function originsIn(text: string): string[] {
  return [...text.matchAll(MARKER)].map(([, origin]) => origin ?? '');
}
