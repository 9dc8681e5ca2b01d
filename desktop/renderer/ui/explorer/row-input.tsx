import type { ReactElement } from 'react';
import { useServices } from '../workbench/workbench-services.ts';
import { parentPath } from '../workbench/workspace-files.ts';
import { explainBadName } from './check-name.ts';
import { commitEdit } from './explorer-actions.ts';
import type { ExplorerEdit } from './explorer-controller.ts';
import type { ExplorerNode, ExplorerTree } from './explorer-tree.ts';
import { NameInput } from './name-input.tsx';

interface RowInputProps {
  readonly edit: ExplorerEdit;
  readonly node: ExplorerNode;
  readonly data: ExplorerTree;
}

/** The input in a row whose name is being typed. */
export function RowInput({ edit, node, data }: RowInputProps): ReactElement {
  const services = useServices();
  const isRename = edit.kind === 'rename';
  const folder = isRename ? parentPath(node.path) : edit.parentPath;
  const ownPath = isRename ? node.path : undefined;
  return (
    <NameInput
      label={
        isRename
          ? `New name of ${node.name}`
          : edit.kind === 'new-file'
            ? 'Name of the new file'
            : 'Name of the new folder'
      }
      initialName={node.name}
      check={(name) => explainBadName(data, { folder, name, ownPath })}
      onCommit={(name) => void commitEdit(services, data, edit, name)}
      onCancel={() => {
        services.explorer.edit.set(undefined);
        services.explorer.view.get()?.focus();
      }}
    />
  );
}
