import { Tooltip } from '@base-ui/react/tooltip';
import type { ReactElement } from 'react';
import { Icon } from './icon.tsx';

interface IconButtonProps {
  readonly icon: string;
  readonly label: string;
  readonly shortcut?: string | undefined;
  /** Why the button does nothing now; it stays within reach, to tell it. */
  readonly disabledReason?: string | undefined;
  readonly className?: string;
  readonly onPress: () => void;
}

/** A small toolbar button with a tooltip. */
export function IconButton({
  icon,
  label,
  shortcut,
  disabledReason,
  className,
  onPress,
}: IconButtonProps): ReactElement {
  const isDisabled = disabledReason !== undefined;
  const tooltip = shortcut === undefined ? label : `${label} (${shortcut})`;
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        render={
          <button
            type="button"
            className={className ?? 'icon-button'}
            aria-label={label}
            aria-disabled={isDisabled}
            onClick={isDisabled ? undefined : onPress}
          />
        }
      >
        <Icon name={icon} />
      </Tooltip.Trigger>
      <TooltipPopup text={isDisabled ? `${label}: ${disabledReason}` : tooltip} />
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
