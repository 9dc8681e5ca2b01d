import type { ItemInstance } from '@headless-tree/core';
import type { CSSProperties, MouseEvent, ReactElement } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { ContentNote } from '../transfers/content-note.tsx';
import type { ParticipantView } from '../workbench-model.ts';
import type { ExplorerNode } from './explorer-tree.ts';
import { fileIcon } from './file-icon.ts';
import { PresenceAvatars } from './presence-avatars.tsx';

const INDENT_PX = 8;

interface ExplorerRowProps {
  readonly item: ItemInstance<ExplorerNode>;
  readonly style: CSSProperties;
  readonly people: readonly ParticipantView[];
  /** The input, while this row's name is being typed. */
  readonly input: ReactElement | undefined;
  readonly onOpen: (node: ExplorerNode) => void;
}

/** One row of the explorer's tree. */
export function ExplorerRow({ item, style, people, input, onOpen }: ExplorerRowProps): ReactElement {
  const node = item.getItemData();
  const level = item.getItemMeta().level;
  const className = [
    'explorer-row',
    item.isSelected() ? 'is-selected' : '',
    item.isFocused() ? 'is-focused' : '',
    input ? 'is-edited' : '',
  ].join(' ');
  const onDoubleClick = (event: MouseEvent) => {
    event.preventDefault();
    onOpen(node);
  };
  return (
    <div
      {...item.getProps()}
      className={className}
      style={{ ...style, paddingLeft: 8 + level * INDENT_PX }}
      title={input ? undefined : describe(node)}
      onDoubleClick={onDoubleClick}
      data-node={node.id}
    >
      {Array.from({ length: level }, (_, index) => (
        <span key={index} className="tree-guide" style={{ left: 12 + index * INDENT_PX }} />
      ))}
      <RowIcon node={node} isExpanded={item.isExpanded()} />
      {input ?? (
        <span className="explorer-name ellipsis">
          <bdi>{node.name}</bdi>
        </span>
      )}
      {!input && node.kind === 'file' && node.file.kind !== 'text' && <ContentNote file={node.file} />}
      <PresenceAvatars people={people} />
    </div>
  );
}

function RowIcon({ node, isExpanded }: { readonly node: ExplorerNode; readonly isExpanded: boolean }): ReactElement {
  if (node.kind === 'folder') return <Icon name={isExpanded ? 'chevron-down' : 'chevron-right'} />;
  return (
    <span className="file-icon">
      <Icon name={node.kind === 'file' ? fileIcon(node.name, node.file.kind) : 'new-file'} />
    </span>
  );
}

function describe(node: ExplorerNode): string {
  if (node.kind !== 'file' || node.file.kind === 'text') return node.path;
  return `${node.path} (${node.file.kind === 'binary' ? 'binary, not shared as text' : 'too large to be shared as text'})`;
}
