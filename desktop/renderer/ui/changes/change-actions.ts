import type { AwayFileView } from '../away-model.ts';
import type { Outcome } from '../outcome.ts';
import { baseName } from '../workbench/workspace-files.ts';
import type { WorkbenchServices } from '../workbench/workbench-services.ts';
import { announceReturn, announceTakenBack, comparisonTitle } from './changes-text.ts';

/** What can be done about a changed file now. */
export interface PossibleActions {
  readonly compare: boolean;
  readonly open: boolean;
  readonly undoTheirs: boolean;
  readonly undoMine: boolean;
  readonly restore: boolean;
  readonly bringBack: boolean;
}

export function possibleActions(file: AwayFileView): PossibleActions {
  const { list, text, hasTexts, isWithoutBefore, isListed, anewId, undone, lockReason } = file;
  const canWrite = lockReason === undefined;
  const canUndo = canWrite && isListed && hasTexts && undone === undefined && text !== 'unread';
  return {
    compare: text === 'unread' || (text !== undefined && (hasTexts || isWithoutBefore)),
    open: isListed || anewId !== undefined,
    undoTheirs: canUndo && text !== undefined && list?.kind !== 'created',
    undoMine: canUndo && text === 'both',
    restore: canWrite && undone !== undefined,
    bringBack: canWrite && !isListed && anewId === undefined,
  };
}

/** Shows what changed in a file, or else the file. */
export function showChange({ model, editorArea }: WorkbenchServices, file: AwayFileView): void {
  const { compare, open } = possibleActions(file);
  if (compare) return editorArea.openChange(file.fileId, comparisonTitle(file.path));
  if (open) editorArea.openFile(file.anewId ?? file.fileId);
  model.away.lookedAt(file.fileId);
}

/** Opens the changed file itself. */
export function openChangedFile({ model, editorArea }: WorkbenchServices, { fileId, anewId }: AwayFileView): void {
  editorArea.openFile(anewId ?? fileId);
  model.away.lookedAt(fileId);
}

export async function undoTheirs(services: WorkbenchServices, { fileId, path }: AwayFileView): Promise<void> {
  const outcome = await services.model.away.undoTheirs(fileId);
  tell(services, path, outcome, ['The edits of others were not undone', 'Undid the edits of others']);
}

export async function undoMine(services: WorkbenchServices, { fileId, path }: AwayFileView): Promise<void> {
  const outcome = await services.model.away.undoMine(fileId);
  tell(services, path, outcome, ['Your edits were not undone', 'Undid your edits']);
}

/** Takes the last undo back. */
export async function restoreUndone(services: WorkbenchServices, { fileId, path }: AwayFileView): Promise<void> {
  const outcome = await services.model.away.restoreUndone(fileId);
  tell(services, path, outcome, ['What you undid was not restored', 'Restored what you undid']);
}

/** Lists a file again that others deleted. */
export async function bringBack(services: WorkbenchServices, { fileId, path }: AwayFileView): Promise<void> {
  const outcome = await services.model.away.bringBack(fileId);
  const name = baseName(path);
  services.state.reportOutcome(`${name} was not brought back.`, outcome, [name]);
  if (!outcome.ok) return;
  services.model.away.lookedAt(fileId);
  services.state.showMessage(`${name} is back.`, services.model.scheduler);
}

/** Comparing the active file is asked for in its editor. */
export function showChangeOf(services: WorkbenchServices, fileId: string): void {
  const file = services.model.away.summary.get()?.files.find((changed) => changed.fileId === fileId);
  if (file) showChange(services, file);
}

/** Opens the list of changes, unless somebody is typing in another view, which is told of it instead. */
export function showReturn({ model, state }: WorkbenchServices): void {
  const summary = model.away.summary.get();
  // Another window has shown it, or this one before it was loaded again.
  if (!summary || model.away.newCount.get() === 0) return;
  if (!isTypingInSideBar() || state.sideBarView.get() === 'changes') state.showSideBar('changes');
  state.showMessage(announceReturn(summary), model.scheduler);
}

/** Tells at once that others have undone what self wrote; the file is in the list of changes. */
export function showTakenBack({ model, state }: WorkbenchServices, file: AwayFileView): void {
  state.showMessage(announceTakenBack(file), model.scheduler);
}

function isTypingInSideBar(): boolean {
  const { activeElement } = document;
  return activeElement?.closest('.side-bar') !== null && activeElement?.matches('input, textarea') === true;
}

type Titles = readonly [failed: string, done: string];

function tell({ state, model }: WorkbenchServices, path: string, outcome: Outcome, [failed, done]: Titles): void {
  const name = baseName(path);
  state.reportOutcome(`${failed} in ${name}.`, outcome, [name]);
  if (outcome.ok) state.showMessage(`${done} in ${name}.`, model.scheduler);
}
