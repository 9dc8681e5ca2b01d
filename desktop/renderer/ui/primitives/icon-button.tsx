import { Tooltip } from '@base-ui/react/tooltip';
import type { ReactElement } from 'react';
import { Icon } from './icon.tsx';

interface IconButtonProps {
  readonly icon: string;
  readonly label: string;
  readonly shortcut?: string | undefined;
  readonly isDisabled?: boolean;
  readonly className?: string;
  readonly onPress: () => void;
}

/** A small toolbar button with a tooltip. */
export function IconButton({
  icon,
  label,
  shortcut,
  isDisabled = false,
  className,
  onPress,
}: IconButtonProps): ReactElement {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        render={
          <button
            type="button"
            className={className ?? 'icon-button'}
            aria-label={label}
            disabled={isDisabled}
            onClick={onPress}
          />
        }
      >
        <Icon name={icon} />
      </Tooltip.Trigger>
      <TooltipPopup text={shortcut === undefined ? label : `${label} (${shortcut})`} />
    </Tooltip.Root>
  );
}

/** The popup of a `Tooltip.Root`. */
export function TooltipPopup({
  text,
  side = 'bottom',
}: {
  readonly text: string;
  readonly side?: 'bottom' | 'right' | 'top';
}): ReactElement {
  return (
    <Tooltip.Portal>
      <Tooltip.Positioner className="tutti-layer layer-tooltip" side={side} sideOffset={4}>
        <Tooltip.Popup className="tooltip">{text}</Tooltip.Popup>
      </Tooltip.Positioner>
    </Tooltip.Portal>
  );
}
