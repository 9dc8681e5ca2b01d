import type { ReactElement } from 'react';
import type { AgreementView } from '../agreement-view.ts';
import { Icon } from '../primitives/icon.tsx';
import { agreementText } from './agreement-text.ts';
import { StatusItem } from './status-item.tsx';

interface AgreementItemProps {
  readonly agreement: AgreementView;
  /** How many are in the room, self included. */
  readonly inRoom: number;
  readonly onResync: () => void;
}

/** Whether the active file is the same with everybody who has it open. */
export function AgreementItem({ agreement, inRoom, onResync }: AgreementItemProps): ReactElement {
  const { label, description, icon, isStale } = agreementText(agreement, inRoom);
  const isDifferent = agreement.kind === 'differs';
  return (
    <StatusItem
      className={isDifferent ? 'status-warning' : isStale ? 'status-stale' : ''}
      title={description}
      {...(isDifferent && { label: `${label}. Press to resync; both texts are kept.`, onPress: onResync })}
    >
      <Icon name={icon} />
      <span data-testid="agreement">{label}</span>
    </StatusItem>
  );
}
