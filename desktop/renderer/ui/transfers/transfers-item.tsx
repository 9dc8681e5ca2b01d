import type { ReactElement } from 'react';
import { StatusItem } from '../status-bar/status-item.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { transfersText } from './transfers-text.ts';

/** How far contents of files are on their way; nothing while none is. */
export function TransfersItem(): ReactElement | null {
  const { model } = useServices();
  const text = transfersText(useObservable(model.transfers.state));
  if (!text) return null;
  return (
    <StatusItem title={text.description}>
      <span data-testid="transfers">{text.label}</span>
    </StatusItem>
  );
}
