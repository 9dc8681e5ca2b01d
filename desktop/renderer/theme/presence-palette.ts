/** Number of colours in the presence palette; the editor's cursors have the same under the same indices. */
export const PRESENCE_COLOR_COUNT = 12;

/** The CSS value of a colour of the palette; any integer is taken. Readable as a mark on both looks. */
export function presenceColor(index: number): string {
  return `var(--presence-${paletteIndex(index)})`;
}

/** The CSS value for text on top of {@link presenceColor}. */
export function presenceTextColor(index: number): string {
  return `var(--presence-${paletteIndex(index)}-text)`;
}

/** The palette's index for a stable name, such as the subject of somebody's token: the same everywhere. */
export function presenceColorIndex(subject: string): number {
  let hash = 0x811c9dc5;
  for (let position = 0; position < subject.length; position++) {
    hash = Math.imul(hash ^ subject.charCodeAt(position), 0x01000193);
  }
  return (hash >>> 0) % PRESENCE_COLOR_COUNT;
}

function paletteIndex(index: number): number {
  const whole = Number.isFinite(index) ? Math.trunc(index) : 0;
  return ((whole % PRESENCE_COLOR_COUNT) + PRESENCE_COLOR_COUNT) % PRESENCE_COLOR_COUNT;
}
