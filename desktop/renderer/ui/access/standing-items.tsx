import type { ReactElement } from 'react';
import { roleName } from '../people/role-names.ts';
import { Icon } from '../primitives/icon.tsx';
import { StatusItem } from '../status-bar/status-item.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';

/** What the status bar says of self's role, and of who presents. */
export function StandingItems(): ReactElement | null {
  const { model, commands } = useServices();
  const standing = useObservable(model.access.standing);
  const canManage = useObservable(model.access.canManage);
  if (!standing) return null;
  const { role, explanation, presenterName, isPresenting, isWatching } = standing;
  const isLess = role !== 'owner' && role !== 'editor';
  const presenting = isPresenting ? 'You are presenting' : `Presenting: ${presenterName ?? 'somebody else'}`;
  const note = isPresenting ? 'Everybody else watches.' : explanation;
  const end = () => commands.run('room.stopPresenting');
  return (
    <>
      {isLess && (
        <StatusItem title={explanation === '' ? `You are here as a ${role}` : explanation}>
          <Icon name={role === 'viewer' ? 'eye' : 'comment'} />
          <span data-testid="own-role">{roleName(role)}</span>
        </StatusItem>
      )}
      {(isPresenting || isWatching || presenterName !== undefined) && (
        <StatusItem
          className="status-warning"
          title={canManage ? `${note} Press to end it.`.trim() : note}
          {...(canManage && { onPress: end })}
        >
          <Icon name="broadcast" />
          <span data-testid="presenting">{presenting}</span>
        </StatusItem>
      )}
      <span className="visually-hidden" role="status">
        {explanation}
      </span>
    </>
  );
}
