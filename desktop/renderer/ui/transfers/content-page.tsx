import { type ReactElement, useState } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { formatBytes } from '../storage/storage-text.ts';
import type { WorkspaceFile } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useRelayAway } from '../workbench/use-relay-away.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { EarlierContents } from './earlier-contents.tsx';
import { ImagePreview, isShowable } from './image-preview.tsx';
import { percent, transferSentence, troubleText } from './transfers-text.ts';
import './transfers.css';

/** The content of the tab of a file that is no text. */
export function ContentPage({ file }: { readonly file: WorkspaceFile }): ReactElement {
  const isPicture = isShowable(file);
  return (
    <div className="editor-pane not-text" tabIndex={0}>
      {isPicture ? (
        <ImagePreview key={`picture ${file.fileId} ${file.blob}`} file={file} />
      ) : (
        <>
          <Icon name={file.kind === 'binary' ? 'file-binary' : 'warning'} />
          <p>
            {file.kind === 'binary'
              ? 'This file is not shown in the editor because it is binary.'
              : 'This file is not shown in the editor because it is too large to be shared as text.'}
          </p>
        </>
      )}
      {file.sizeBytes !== undefined && <p className="not-text-size">{formatBytes(file.sizeBytes)}</p>}
      <Progress file={file} />
      {file.blob !== undefined && <Actions file={file} />}
      {file.blob !== undefined && <EarlierContents key={`earlier ${file.fileId} ${file.blob}`} file={file} />}
    </div>
  );
}

function Progress({ file }: { readonly file: WorkspaceFile }): ReactElement | null {
  const { model } = useServices();
  const transfer = useObservable(model.transfers.state).files.find(({ fileId }) => fileId === file.fileId);
  const isAway = useRelayAway();
  if (transfer?.direction === 'down' && !transfer.isRefused && isAway) {
    // The preview says so itself.
    return isShowable(file) ? null : <p role="status">It is fetched once the relay is reached.</p>;
  }
  if (!transfer) {
    if (file.blob !== undefined) return null;
    return <p role="status">The room does not have its content yet. Whoever has the file is sending it.</p>;
  }
  const trouble = troubleText(transfer);
  if (transfer.isRefused) return <p role="status">{trouble}</p>;
  return (
    <div className="content-progress">
      <progress max={100} value={percent(transfer)} aria-label={transferSentence(transfer)} />
      <p>{transferSentence(transfer)}</p>
      {trouble !== undefined && <p role="status">{trouble}</p>}
    </div>
  );
}

function Actions({ file }: { readonly file: WorkspaceFile }): ReactElement {
  const { model } = useServices();
  const [isSaving, setSaving] = useState(false);
  const [explanation, setExplanation] = useState<string>();
  const save = async () => {
    setSaving(true);
    setExplanation(undefined);
    const outcome = await model.transfers.saveCopy(file.fileId);
    setSaving(false);
    if (!outcome.ok) setExplanation(outcome.explanation);
  };
  return (
    <>
      <button type="button" className="button" disabled={isSaving} onClick={() => void save()}>
        {isSaving ? 'Saving…' : 'Save a Copy…'}
      </button>
      {explanation !== undefined && <p role="alert">{explanation}</p>}
    </>
  );
}
