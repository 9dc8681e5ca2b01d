import { ContextMenu } from '@base-ui/react/context-menu';
import type { IDockviewPanelHeaderProps } from 'dockview-react';
import { type MouseEvent, type ReactElement, useEffect } from 'react';
import { fileIcon } from '../explorer/file-icon.ts';
import { PresenceAvatars } from '../explorer/presence-avatars.tsx';
import { CommandMenuItems } from '../primitives/command-menu-items.tsx';
import { Icon } from '../primitives/icon.tsx';
import { useFile } from '../workbench/use-file.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { baseName, listedFiles, parentPath } from '../workbench/workspace-files.ts';
import type { EditorPanelParameters } from './editor-pane.tsx';
import { saveMark } from './save-mark.ts';
import { useTabInSight } from './use-tab-in-sight.ts';

const TAB_MENU = [
  ['editor.close', 'editor.closeOthers', 'editor.closeAll'],
  ['editor.split', 'explorer.revealActive'],
] as const;

const MIDDLE_BUTTON = 1;

/** A tab: name, where its edits are, who else is there, and a way to close it. */
export function EditorTab({ params, api }: IDockviewPanelHeaderProps<EditorPanelParameters>): ReactElement {
  const { model, editorArea } = useServices();
  const { file, isListed } = useFile(params.fileId);
  const { saveState, readOnlyReason } = useObservable(model.editors.fileState(params.fileId));
  const isPreview = useObservable(editorArea.previewPanelId) === api.id;
  const people = useObservable(model.room.participants).filter(
    (person) => !person.isSelf && person.fileId === params.fileId,
  );
  const name = file ? baseName(file.path) : 'Unknown file';
  const mark = saveState && saveMark(saveState);
  useEffect(() => {
    api.setTitle(name);
  }, [api, name]);
  useEffect(() => {
    if (saveState?.kind === 'saving') editorArea.pin(api.id);
  }, [saveState, editorArea, api]);
  const element = useTabInSight(api);
  const onMouseUp = (event: MouseEvent) => {
    if (event.button !== MIDDLE_BUTTON) return;
    event.preventDefault();
    api.close();
  };
  // The docking component shows the editor in the next frame, and takes the focus away from one that has it by then.
  const focusEditor = () => requestAnimationFrame(() => editorArea.activate(api.id));
  const title = [
    file?.path ?? name,
    isListed ? '' : 'no longer in the workspace',
    readOnlyReason === undefined || mark?.isPending ? (mark?.description ?? '') : readOnlyReason,
  ];
  return (
    <ContextMenu.Root onOpenChange={(isOpen) => isOpen && api.setActive()}>
      <ContextMenu.Trigger
        render={
          <div
            ref={element}
            className={`editor-tab${isPreview ? ' is-preview' : ''}${isListed ? '' : ' is-gone'}`}
            title={toLines(title)}
            onMouseUp={onMouseUp}
            onClick={focusEditor}
            onDoubleClick={() => editorArea.pin(api.id)}
          />
        }
      >
        <span className="file-icon">
          <Icon name={fileIcon(name, file?.kind ?? 'text')} />
        </span>
        <TabName name={name} path={file?.path} fileId={params.fileId} />
        {readOnlyReason !== undefined && <Icon name="lock" />}
        <PresenceAvatars people={people} />
        <CloseButton name={name} isPending={mark?.isPending ?? false} note={mark?.label} onClose={() => api.close()} />
      </ContextMenu.Trigger>
      <ContextMenu.Portal>
        <ContextMenu.Positioner className="tutti-layer layer-menu">
          <ContextMenu.Popup className="menu">
            <CommandMenuItems menu={TAB_MENU} />
          </ContextMenu.Popup>
        </ContextMenu.Positioner>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}

function toLines(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n');
}

interface TabNameProps {
  readonly name: string;
  readonly path: string | undefined;
  readonly fileId: string;
}

function TabName({ name, path, fileId }: TabNameProps): ReactElement {
  return (
    <>
      <span className="editor-tab-name">
        <bdi>{name}</bdi>
      </span>
      <Disambiguation path={path} fileId={fileId} />
    </>
  );
}

/** The folder, where two open files have the same name. */
function Disambiguation({ path, fileId }: Omit<TabNameProps, 'name'>): ReactElement | null {
  const { model, editorArea } = useServices();
  const openIds = useObservable(editorArea.openFileIds);
  const files = listedFiles(useObservable(model.workspace.state));
  if (path === undefined) return null;
  const name = baseName(path);
  const isAmbiguous = files.some(
    (other) => other.fileId !== fileId && openIds.has(other.fileId) && baseName(other.path) === name,
  );
  if (!isAmbiguous) return null;
  return (
    <span className="editor-tab-folder">
      <bdi>{parentPath(path) || './'}</bdi>
    </span>
  );
}

interface CloseButtonProps {
  readonly name: string;
  readonly isPending: boolean;
  readonly note: string | undefined;
  readonly onClose: () => void;
}

function CloseButton({ name, isPending, note, onClose }: CloseButtonProps): ReactElement {
  return (
    <button
      type="button"
      className={isPending ? 'editor-tab-close is-pending' : 'editor-tab-close'}
      aria-label={isPending ? `Close ${name} (${note ?? ''})` : `Close ${name}`}
      tabIndex={-1}
      // Keeps the press from starting a drag or activating the tab first.
      onPointerDown={(event) => event.stopPropagation()}
      onClick={(event) => {
        event.stopPropagation();
        onClose();
      }}
    >
      <Icon name="close" />
      <Icon name="circle-filled" />
    </button>
  );
}
