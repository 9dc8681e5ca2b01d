import type { ReactElement } from 'react';
import { saveMark } from '../editors/save-mark.ts';
import { Icon } from '../primitives/icon.tsx';
import type { EditorHandle, EditorStatus } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { AgreementItem } from './agreement-item.tsx';
import { StatusItem } from './status-item.tsx';

/** What the status bar says about the active file. */
export function EditorStatusItems(): ReactElement {
  const { editorArea } = useServices();
  const fileId = useObservable(editorArea.activeFileId);
  const editor = useObservable(editorArea.activeEditor);
  return (
    <>
      {fileId !== undefined && editor && <SaveItem fileId={fileId} />}
      {fileId !== undefined && editor && <FileAgreement fileId={fileId} />}
      {editor && <CursorItems editor={editor} />}
    </>
  );
}

function SaveItem({ fileId }: { readonly fileId: string }): ReactElement | null {
  const { model } = useServices();
  const { saveState, readOnlyReason } = useObservable(model.editors.fileState(fileId));
  if (readOnlyReason !== undefined) {
    return (
      <StatusItem title={readOnlyReason}>
        <Icon name="lock" />
        <span>Read-only</span>
      </StatusItem>
    );
  }
  if (!saveState) return null;
  const mark = saveMark(saveState);
  return (
    <StatusItem title={mark.description} className={saveState.kind === 'refused' ? 'status-error' : ''}>
      <Icon name={mark.icon} />
      <span data-testid="save-state">{mark.label}</span>
    </StatusItem>
  );
}

function FileAgreement({ fileId }: { readonly fileId: string }): ReactElement | null {
  const { model } = useServices();
  const { agreement } = useObservable(model.editors.fileState(fileId));
  const inRoom = useObservable(model.room.participants).length;
  if (!agreement) return null;
  return <AgreementItem agreement={agreement} inRoom={inRoom} onResync={() => model.editors.resync(fileId)} />;
}

function CursorItems({ editor }: { readonly editor: EditorHandle }): ReactElement | null {
  const status = useObservable(editor.status);
  if (!status) return null;
  return (
    <>
      <StatusItem title="Go to Line/Column" onPress={() => editor.run('go-to-line')}>
        {describeCursor(status)}
      </StatusItem>
      <StatusItem title={status.eol === 'LF' ? 'Lines end with LF' : 'Lines end with CR LF'}>{status.eol}</StatusItem>
      <StatusItem title={`Language: ${status.language}`}>{status.language}</StatusItem>
    </>
  );
}

function describeCursor({ line, column, selectedCharacters, cursorCount }: EditorStatus): string {
  if (cursorCount > 1) {
    return selectedCharacters > 0
      ? `${cursorCount} selections (${selectedCharacters} characters selected)`
      : `${cursorCount} cursors`;
  }
  const selected = selectedCharacters > 0 ? ` (${selectedCharacters} selected)` : '';
  return `Ln ${line}, Col ${column}${selected}`;
}
