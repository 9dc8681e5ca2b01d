import { ContextMenu } from '@base-ui/react/context-menu';
import type { ItemInstance, TreeInstance } from '@headless-tree/core';
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactElement,
  type RefObject,
  useEffect,
  useMemo,
  useRef,
} from 'react';
import { CommandMenuItems } from '../primitives/command-menu-items.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices, type WorkbenchServices } from '../workbench/workbench-services.ts';
import { explainLock } from '../workbench/workspace-files.ts';
import { ExplorerRow } from './explorer-row.tsx';
import { DRAFT_ID, type ExplorerNode, ROOT_ID } from './explorer-tree.ts';
import { othersByFile } from './presence-avatars.tsx';
import { RowInput } from './row-input.tsx';
import { useExplorerTree } from './use-explorer-tree.ts';
import { useExplorerView } from './use-explorer-view.ts';
import { useNeighbourFocus } from './use-neighbour-focus.ts';
import { scrollToRow, useVisibleRows } from './use-visible-rows.ts';

const ROW_HEIGHT_PX = 22;

const CONTEXT_MENU = [
  ['explorer.openToSide'],
  ['explorer.newFile', 'explorer.newFolder'],
  ['explorer.copyPath'],
  ['explorer.rename', 'explorer.delete'],
] as const;

/** The tree of files; draws only the rows that are in sight. */
export function ExplorerTreeView(): ReactElement {
  const services = useServices();
  const participants = useObservable(services.model.room.participants);
  const edit = useObservable(services.explorer.edit);
  const people = useMemo(() => othersByFile(participants), [participants]);
  const scroller = useRef<HTMLDivElement>(null);
  const { data, tree } = useExplorerTree((index) => {
    if (scroller.current) scrollToRow(scroller.current, index, ROW_HEIGHT_PX);
  });
  const items = tree.getItems();
  const focusedIndex = items.findIndex((item) => item.isFocused());
  const rows = useVisibleRows(scroller, ROW_HEIGHT_PX, items.length, focusedIndex);
  useNeighbourFocus(tree, data);
  useExplorerView(tree, data, services, items);
  const editedId = edit && (edit.kind === 'rename' ? edit.nodeId : DRAFT_ID);
  useScrollToEdited(items, editedId, scroller);
  const open = (node: ExplorerNode) => node.kind === 'file' && services.editorArea.openFile(node.file.fileId);
  return (
    <ContextMenu.Root>
      <ContextMenu.Trigger
        render={
          <div
            {...tree.getContainerProps('Files')}
            className="explorer-tree"
            onKeyDown={(event) => onTreeKey(event, services)}
            onFocus={(event) => chooseFocusedRow(event.target, tree, items)}
            onClick={(event) => openOnClick(event, services, data.nodes)}
            onContextMenuCapture={(event) => selectUnderPointer(event, items)}
          />
        }
      >
        <div ref={scroller} className="explorer-scroller">
          <div className="explorer-content" style={{ height: items.length * ROW_HEIGHT_PX }}>
            {rows.map((index) => {
              const item = items[index];
              if (!item || item.getId() === ROOT_ID) return null;
              const node = item.getItemData();
              const here = node.kind === 'file' ? (people.get(node.file.fileId) ?? NOBODY) : NOBODY;
              const input = edit && node.id === editedId ? <RowInput edit={edit} node={node} data={data} /> : undefined;
              const style = { transform: `translateY(${index * ROW_HEIGHT_PX}px)` };
              return <ExplorerRow key={node.id} item={item} style={style} people={here} input={input} onOpen={open} />;
            })}
          </div>
        </div>
      </ContextMenu.Trigger>
      <ContextMenu.Portal>
        <ContextMenu.Positioner className="tutti-layer layer-menu">
          <ContextMenu.Popup className="menu">
            <CommandMenuItems menu={CONTEXT_MENU} />
          </ContextMenu.Popup>
        </ContextMenu.Positioner>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}

const NOBODY: readonly never[] = [];

function useScrollToEdited(
  items: readonly ItemInstance<ExplorerNode>[],
  editedId: string | undefined,
  scroller: RefObject<HTMLElement | null>,
): void {
  const index = editedId === undefined ? -1 : items.findIndex((item) => item.getId() === editedId);
  useEffect(() => {
    if (index >= 0 && scroller.current) scrollToRow(scroller.current, index, ROW_HEIGHT_PX);
  }, [index, scroller]);
}

function selectUnderPointer(event: MouseEvent, items: readonly ItemInstance<ExplorerNode>[]): void {
  const id = nodeIdAt(event.target);
  const item = items.find((candidate) => candidate.getId() === id);
  if (!item) return;
  item.setFocused();
  if (!item.isSelected()) item.getTree().setSelectedItems([item.getId()]);
}

/** The row that the keyboard's focus enters the tree at is chosen by that. */
function chooseFocusedRow(
  target: EventTarget,
  tree: TreeInstance<ExplorerNode>,
  items: readonly ItemInstance<ExplorerNode>[],
): void {
  if (tree.getState().focusedItem !== null) return;
  const id = nodeIdAt(target);
  items.find((item) => item.getId() === id)?.setFocused();
}

function openOnClick(event: MouseEvent, services: WorkbenchServices, nodes: ReadonlyMap<string, ExplorerNode>): void {
  if (event.shiftKey || event.ctrlKey || event.metaKey || event.button !== 0) return;
  const node = nodes.get(nodeIdAt(event.target) ?? '');
  if (node?.kind === 'file') {
    services.editorArea.openFile(node.file.fileId, { isPreview: true, preserveFocus: true });
  }
}

function nodeIdAt(target: EventTarget): string | undefined {
  if (!(target instanceof Element)) return undefined;
  return target.closest<HTMLElement>('[data-node]')?.dataset['node'];
}

function onTreeKey(event: KeyboardEvent, services: WorkbenchServices): void {
  if (event.target instanceof HTMLInputElement) return;
  const focused = services.explorer.focused.get();
  if (!focused || event.ctrlKey || event.metaKey || event.altKey) return;
  const isOpenKey = event.key === 'Enter' || event.key === ' ';
  const [file] = focused.files;
  if (isOpenKey && focused.isFolder && event.target instanceof HTMLElement) event.target.click();
  else if (isOpenKey && file) services.editorArea.openFile(file.fileId, { preserveFocus: event.key === ' ' });
  else if (event.key === 'F2') runUnlessLocked('explorer.rename', services);
  else if (event.key === 'Delete') runUnlessLocked('explorer.delete', services);
  else return;
  event.preventDefault();
}

function runUnlessLocked(commandId: string, { model, commands, state }: WorkbenchServices): void {
  const explanation = explainLock(model.workspace.state.get());
  if (explanation === undefined) commands.run(commandId);
  else state.reportOutcome('Files cannot be changed here.', { ok: false, explanation });
}
