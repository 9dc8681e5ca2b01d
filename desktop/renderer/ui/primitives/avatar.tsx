import type { ReactElement } from 'react';
import { presenceColor, presenceTextColor } from '../../theme/presence-palette.ts';

interface AvatarProps {
  readonly name: string;
  readonly colorIndex: number;
  readonly size?: 'normal' | 'small' | 'tiny';
}

/** Somebody's colour with the first letter of the name. The name itself is for a label beside it. */
export function Avatar({ name, colorIndex, size = 'normal' }: AvatarProps): ReactElement {
  const style = { backgroundColor: presenceColor(colorIndex), color: presenceTextColor(colorIndex) };
  return (
    <span className={size === 'normal' ? 'avatar' : `avatar avatar-${size}`} style={style} aria-hidden="true">
      {initial(name)}
    </span>
  );
}

function initial(name: string): string {
  const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(name.trim());
  const [first] = segments;
  return first?.segment.toLocaleUpperCase() ?? '?';
}
