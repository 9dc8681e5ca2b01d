import type { Disposable } from '../../../../shared/lifecycle/index.ts';
import type { WorkbenchServices } from '../workbench/workbench-services.ts';

/** Opens the page of the mirrored folder whenever the person has to look at it, until the result is disposed. */
export function showMirrorQuestions({ model, editorArea }: WorkbenchServices): Disposable {
  const { state } = model.mirror;
  let wasAsking = false;
  const look = () => {
    const isAsking = state.get().kind === 'asking';
    if (isAsking && !wasAsking) editorArea.openMirror();
    wasAsking = isAsking;
  };
  look();
  return state.subscribe(look);
}
