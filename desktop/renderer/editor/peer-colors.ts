/** The colours of one peer, on a dark and on a light background. Each contrasts with its background by 4.5 to 1 or more. */
export interface PeerColor {
  readonly name: string;
  readonly dark: string;
  readonly light: string;
}

/** In step with the classes of remote-cursors.css. */
export const PEER_COLORS: readonly PeerColor[] = [
  { name: 'blue', dark: '#4DAAFC', light: '#0062B8' },
  { name: 'orange', dark: '#F5A15B', light: '#A84300' },
  { name: 'green', dark: '#5CC489', light: '#18703C' },
  { name: 'pink', dark: '#F48FC1', light: '#B0206E' },
  { name: 'violet', dark: '#B79CFF', light: '#6338C6' },
  { name: 'yellow', dark: '#E2C044', light: '#7D5F00' },
  { name: 'teal', dark: '#3FC8C8', light: '#006D75' },
  { name: 'red', dark: '#FF8A80', light: '#B3261E' },
  { name: 'lime', dark: '#A9CF54', light: '#4F6B00' },
  { name: 'brown', dark: '#C98A5A', light: '#7A4A2B' },
  { name: 'indigo', dark: '#8FA8FF', light: '#3346B8' },
  { name: 'magenta', dark: '#E58BF2', light: '#9B2AA8' },
];

/** The palette entry for a peer's colour number, which may be any number that the peer made up. */
export function peerColorIndex(colorIndex: number): number {
  const index = Math.trunc(colorIndex) % PEER_COLORS.length;
  return Number.isNaN(index) ? 0 : Math.abs(index);
}
