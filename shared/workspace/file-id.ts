const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
const TIME_DIGITS = 9;
const RANDOM_DIGITS = 13;

/** An id for a new file: sorts by creation time, with 67 random bits. `random` yields floats in [0, 1). */
export function createFileId(nowMs: number, random: () => number): string {
  let digits = Math.max(0, Math.floor(nowMs)).toString(36).padStart(TIME_DIGITS, '0');
  for (let digit = 0; digit < RANDOM_DIGITS; digit++) digits += ALPHABET[Math.floor(random() * 36)];
  return digits;
}
