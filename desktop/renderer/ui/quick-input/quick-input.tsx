import { Dialog } from '@base-ui/react/dialog';
import { type KeyboardEvent, type ReactElement, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { listedFiles } from '../workbench/workspace-files.ts';
import type { QuickInputMode } from '../workbench/workbench-state.ts';
import { findCommands, findFiles, type QuickItem } from './quick-items.ts';
import { QuickItemRow } from './quick-item-row.tsx';
import './quick-input.css';

const PAGE_ITEMS = 10;

/** The command palette, or the list of files to open. A leading `>` in the list of files means commands. */
export function QuickInput(): ReactElement | null {
  const { state } = useServices();
  const mode = useObservable(state.quickInput);
  const close = () => state.quickInput.set(undefined);
  if (!mode) return null;
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && close()} modal="trap-focus">
      <Dialog.Portal>
        <Dialog.Viewport className="tutti-layer quick-input-viewport">
          <Dialog.Popup className="quick-input" aria-label={mode === 'commands' ? 'Command Palette' : 'Go to File'}>
            <QuickInputBody key={mode} initialMode={mode} onClose={close} />
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface QuickInputBodyProps {
  readonly initialMode: QuickInputMode;
  readonly onClose: () => void;
}

function QuickInputBody({ initialMode, onClose }: QuickInputBodyProps): ReactElement {
  const services = useServices();
  const [text, setText] = useState(initialMode === 'commands' ? '>' : '');
  const [active, setActive] = useState(0);
  const listId = useId();
  const mode = text.startsWith('>') ? 'commands' : 'files';
  const query = mode === 'commands' ? text.slice(1) : text;
  const files = listedFiles(useObservable(services.model.workspace.state));
  const items = useMemo(
    () => (mode === 'commands' ? findCommands(services, query) : findFiles(services, files, query)),
    [services, mode, query, files],
  );
  const index = Math.min(active, Math.max(0, items.length - 1));
  const accept = (item: QuickItem | undefined, isToSide: boolean) => {
    if (!item) return;
    onClose();
    // After the dialog gave the focus back, as the command may move it.
    requestAnimationFrame(() => item.run(isToSide));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter') accept(items[index], event.ctrlKey || event.metaKey);
    else {
      const next = moveActive(event.key, index, items.length);
      if (next === undefined) return;
      setActive(next);
    }
    event.preventDefault();
  };
  return (
    <>
      <input
        className="input quick-input-text"
        role="combobox"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={items.length > 0 ? `${listId}-${index}` : undefined}
        aria-label={mode === 'commands' ? 'Search commands' : 'Search files by name'}
        placeholder="Search files by name (type > for commands)"
        autoComplete="off"
        spellCheck={false}
        autoFocus
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <QuickItemList listId={listId} items={items} index={index} mode={mode} onAccept={accept} />
    </>
  );
}

interface QuickItemListProps {
  readonly listId: string;
  readonly items: readonly QuickItem[];
  readonly index: number;
  readonly mode: QuickInputMode;
  readonly onAccept: (item: QuickItem, isToSide: boolean) => void;
}

function QuickItemList({ listId, items, index, mode, onAccept }: QuickItemListProps): ReactElement {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [index, items]);
  return (
    <div ref={list} id={listId} className="quick-input-list" role="listbox" aria-label="Results">
      {items.map((item, position) => (
        <QuickItemRow
          key={item.id}
          id={`${listId}-${position}`}
          item={item}
          isActive={position === index}
          onAccept={(isToSide) => onAccept(item, isToSide)}
        />
      ))}
      {items.length === 0 && (
        <p className="quick-input-empty" role="status">
          {mode === 'commands' ? 'No matching commands' : 'No matching files'}
        </p>
      )}
    </div>
  );
}

function moveActive(key: string, index: number, count: number): number | undefined {
  if (count === 0) return undefined;
  if (key === 'ArrowDown') return (index + 1) % count;
  if (key === 'ArrowUp') return (index - 1 + count) % count;
  if (key === 'PageDown') return Math.min(count - 1, index + PAGE_ITEMS);
  if (key === 'PageUp') return Math.max(0, index - PAGE_ITEMS);
  return undefined;
}
