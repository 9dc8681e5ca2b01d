import type { Disposable } from '../../../shared/lifecycle/index.ts';
import { isOwnWindow, peopleIn, type RoomSession } from '../../../shared/sync/index.ts';
import type { WorkspaceIndex } from '../../../shared/workspace/index.ts';

const ADVICE =
  'An edit was lost on its way, or damaged. Whoever has the wrong text resyncs it in the app: press "Differs" in the status bar.';

/** Says which files are not the same here and with others, once each, where there is no window to say it. */
export function tellDifferences(session: RoomSession, index: WorkspaceIndex, tell: (text: string) => void): Disposable {
  const told = new Map<string, string>();
  return session.onDidChangeAgreement(({ document, agreement }) => {
    if (agreement.kind === 'identical') told.delete(document);
    if (agreement.kind !== 'differs') return;
    const ids = peopleIn(agreement).filter((id) => !isOwnWindow(id));
    const people = ids.map((id) => session.participants.get(id)?.name ?? 'somebody').join(', ');
    const path = index.get(document)?.path ?? document;
    const text = `"${path}" is not the same here and with ${people}. ${ADVICE}`;
    if (ids.length === 0 || told.get(document) === text) return;
    told.set(document, text);
    tell(text);
  });
}
