import { writeFile } from 'node:fs/promises';
import { type BrowserWindow, dialog } from 'electron';
import { toWorkspaceError } from './workspace/workspace-error.ts';
import type { AccessChannels, Outcome } from '../ipc/index.ts';
import type { RoomHost } from './session/room-host.ts';

/** Answers of one open room to what its owners, or whoever is in it, ask in a window. */
export type AccessAnswers = {
  readonly [C in keyof AccessChannels]: (
    request: AccessChannels[C]['request'],
    host: RoomHost,
    window: BrowserWindow,
  ) => Promise<AccessChannels[C]['response']>;
};

export const ACCESS_ANSWERS: AccessAnswers = {
  'access:create-link': (link, { links }) => links.create(link),
  'access:list-links': (_request, { links }) => links.list(),
  'access:read-link': async ({ linkId }, { links }) => links.read(linkId),
  'access:revoke': (revocation, { administration }) => administration.revoke(revocation),
  'access:list-people': ({ after }, { administration }) => administration.listPeople(after),
  'access:set-role': ({ subject, role }, { administration }) => administration.setRole(subject, role),
  'access:read-settings': (_request, { administration }) => administration.readSettings(),
  'access:write-settings': (settings, { administration }) => administration.writeSettings(settings),
  'access:list-join-requests': (_request, { administration }) => administration.listJoinRequests(),
  'access:decide-join-request': ({ requestId, decision }, { administration }) =>
    administration.decideJoinRequest(requestId, decision),
  'access:list-audit': ({ beforeSeq, limit }, { administration }) =>
    administration.listAudit(beforeSeq === undefined ? { limit } : { beforeSeq, limit }),
  'access:export-audit': (_request, { administration }) => administration.exportAudit(),
  'access:list-proposals': (_request, { administration }) => administration.listProposals(),
  'access:read-proposal': ({ proposalId }, { administration }) => administration.readProposal(proposalId),
  'access:settle-proposal': ({ proposalId, state }, { administration }) =>
    administration.settleProposal(proposalId, state),
  'edits:propose': (_request, host) => host.proposeUnsent(),
  'edits:read-unsent': (_request, host) => host.readUnsent(),
  'file:save': ({ suggestedName, content }, _host, window) => save(window, suggestedName, content),
};

async function save(window: BrowserWindow, suggestedName: string, content: Uint8Array): Promise<Outcome<boolean>> {
  const { canceled, filePath } = await dialog.showSaveDialog(window, { defaultPath: suggestedName });
  if (canceled || filePath === '') return { ok: true, value: false };
  try {
    await writeFile(filePath, content);
    return { ok: true, value: true };
  } catch (error) {
    return { ok: false, explanation: toWorkspaceError(error, filePath, 'write').message };
  }
}

/** The channels that {@link ACCESS_ANSWERS} answers. */
export const ACCESS_CHANNELS = Object.keys(ACCESS_ANSWERS) as readonly (keyof AccessChannels)[];
