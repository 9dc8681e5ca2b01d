import type { IDockviewPanelProps } from 'dockview-react';
import { type ReactElement, useEffect, useRef, useState } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { ThreadZone } from '../talk/thread-zone.tsx';
import { ContentPage } from '../transfers/content-page.tsx';
import type { EditorHandle, FileProblem } from '../workbench-model.ts';
import { useFile } from '../workbench/use-file.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';

export interface EditorPanelParameters {
  readonly fileId: string;
}

/** The content of a tab: what there is to know about the file, and its editor. */
export function EditorPane({ params, api }: IDockviewPanelProps<EditorPanelParameters>): ReactElement {
  const { file, isListed } = useFile(params.fileId);
  if (file && file.kind !== 'text') return <ContentPage file={file} />;
  return (
    <div className="editor-pane">
      <FileBanners fileId={params.fileId} isListed={isListed} path={file?.path} />
      <EditorElement fileId={params.fileId} panelId={api.id} />
    </div>
  );
}

function EditorElement({ fileId, panelId }: { readonly fileId: string; readonly panelId: string }): ReactElement {
  const { model, editorArea } = useServices();
  const element = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState<EditorHandle>();
  useEffect(() => {
    if (!element.current) return undefined;
    const editor = model.editors.attachEditor(fileId, element.current);
    const registration = editorArea.addEditor(panelId, editor);
    setShown(editor);
    return () => {
      setShown(undefined);
      registration.dispose();
      editor.dispose();
    };
  }, [model, editorArea, fileId, panelId]);
  return (
    <>
      <div ref={element} className="editor-element" />
      {shown && <ThreadZone editor={shown} fileId={fileId} />}
    </>
  );
}

interface FileBannersProps {
  readonly fileId: string;
  readonly isListed: boolean;
  readonly path: string | undefined;
}

function FileBanners({ fileId, isListed, path }: FileBannersProps): ReactElement {
  const { model } = useServices();
  const isLost = useObservable(model.access.loss) !== undefined;
  const { problem, readOnlyReason, saveState } = useObservable(model.editors.fileState(fileId));
  return (
    <div className="banners" aria-live="polite">
      {problem && <Banner problem={problem} />}
      {!isListed && !problem && (
        <Banner
          problem={{
            severity: 'warning',
            message: `${path === undefined ? 'This file' : `"${path}"`} is no longer in the workspace. Copy what you need before you close it.`,
            actions: [],
          }}
        />
      )}
      {saveState?.kind === 'refused' && (
        <Banner
          problem={{
            severity: 'error',
            message: `Your edits were not accepted: ${saveState.explanation}`,
            actions: [],
          }}
        />
      )}
      {readOnlyReason !== undefined && isListed && !isLost && (
        <Banner problem={{ severity: 'info', message: readOnlyReason, actions: [] }} />
      )}
    </div>
  );
}

function Banner({ problem }: { readonly problem: FileProblem }): ReactElement {
  return (
    <div className={`banner banner-${problem.severity}`}>
      <Icon name={problem.severity} />
      <span className="banner-message">{problem.message}</span>
      {problem.actions.length > 0 && (
        <span className="banner-actions">
          {problem.actions.map((action) => (
            <button key={action.label} type="button" className="banner-action" onClick={() => action.run()}>
              {action.label}
            </button>
          ))}
        </span>
      )}
    </div>
  );
}
