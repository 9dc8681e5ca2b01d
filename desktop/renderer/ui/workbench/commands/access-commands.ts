import type { Command } from '../../../commands/index.ts';
import { confirmRemoveEverybody, setPresenter } from '../../access/access-actions.ts';
import type { WorkbenchServices } from '../workbench-services.ts';

/** Commands about who may do what in the room. */
export function accessCommands(services: WorkbenchServices): readonly Command[] {
  return [...ownerCommands(services), ...everybodysCommands(services)];
}

function ownerCommands(services: WorkbenchServices): readonly Command[] {
  const { model, state, editorArea } = services;
  const { access } = model;
  const canManage = () => model.workspace.state.get().kind === 'open' && access.canManage.get();
  const standing = () => access.standing.get();
  return [
    {
      id: 'room.present',
      title: 'Present (Only You Can Edit)',
      category: 'Room',
      when: () => canManage() && standing() !== undefined && standing()?.isPresenting !== true,
      run: () => setPresenter(services, standing()?.subject),
    },
    {
      id: 'room.stopPresenting',
      title: 'Stop Presenting',
      category: 'Room',
      when: () => canManage() && (standing()?.presenterName !== undefined || standing()?.isWatching === true),
      run: () => setPresenter(services, undefined),
    },
    {
      id: 'view.proposals',
      title: 'Proposals',
      category: 'View',
      when: canManage,
      run: () => state.showSideBar('proposals'),
    },
    {
      id: 'access.audit',
      title: 'Show Access Log',
      category: 'Room',
      when: canManage,
      run: () => editorArea.openAudit(),
    },
    {
      id: 'access.exportAudit',
      title: 'Export Access Log…',
      category: 'Room',
      when: canManage,
      run: async () => state.reportOutcome('The access log was not exported.', await access.exportAudit()),
    },
    {
      id: 'access.removeEverybody',
      title: 'Remove Everybody…',
      category: 'Room',
      when: canManage,
      run: () => confirmRemoveEverybody(services),
    },
  ];
}

function everybodysCommands({ model, state }: WorkbenchServices): readonly Command[] {
  const { access } = model;
  const isOpen = () => model.workspace.state.get().kind === 'open';
  return [
    {
      id: 'access.exportUnsent',
      title: 'Export My Unsent Edits as a Patch…',
      category: 'Room',
      when: isOpen,
      run: async () => state.reportOutcome('Your edits were not exported.', await access.exportUnsent()),
    },
    {
      id: 'access.exportFiles',
      title: 'Save a Copy of the Files…',
      category: 'Room',
      when: isOpen,
      run: async () => state.reportOutcome('The files were not saved.', await access.exportFiles()),
    },
    {
      id: 'room.openInApp',
      title: 'Open in the App',
      category: 'Room',
      when: () => access.appLink.get() !== undefined,
      run: () => {
        const link = access.appLink.get();
        if (link !== undefined) window.location.assign(link);
      },
    },
  ];
}
