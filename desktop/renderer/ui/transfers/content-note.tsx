import type { ReactElement } from 'react';
import type { WorkspaceFile } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { transferSentence, transferText, troubleText } from './transfers-text.ts';

/** What the explorer says beside the name of a file that is no text. */
export function ContentNote({ file }: { readonly file: WorkspaceFile }): ReactElement {
  const { model } = useServices();
  const transfer = useObservable(model.transfers.state).files.find(({ fileId }) => fileId === file.fileId);
  if (transfer) {
    return (
      <span className="explorer-note" title={troubleText(transfer) ?? transferSentence(transfer)}>
        {transferText(transfer)}
      </span>
    );
  }
  return <span className="explorer-note">{file.kind === 'binary' ? 'binary' : 'large'}</span>;
}
