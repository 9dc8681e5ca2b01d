/**
 * Makes Monaco show a text as it is where it renders Markdown; the text may have names and paths of others in it. Screen
 * readers are given it with the escapes, so that the ends of sentences are left alone.
 */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>&|~]|[.:](?=\S)|^[#+=-]|(?<=^\d{1,9})[.)]/gm, '\\$&');
}
