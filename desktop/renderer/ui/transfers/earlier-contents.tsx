import { type ReactElement, useState } from 'react';
import { formatBytes } from '../storage/storage-text.ts';
import type { EarlierContent } from '../transfers-model.ts';
import type { WorkspaceFile } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';

/** What a file that is no text was before, to be brought back. */
export function EarlierContents({ file }: { readonly file: WorkspaceFile }): ReactElement {
  const { model } = useServices();
  const workspace = useObservable(model.workspace.state);
  const lockReason = workspace.kind === 'open' ? workspace.lockReason : undefined;
  const [earlier, setEarlier] = useState<readonly EarlierContent[]>();
  const [explanation, setExplanation] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const attempt = async (act: () => Promise<string | undefined>) => {
    setBusy(true);
    setExplanation(await act());
    setBusy(false);
  };
  const show = () =>
    attempt(async () => {
      const answer = await model.transfers.listEarlier(file.fileId);
      if (answer.ok) setEarlier(answer.value);
      return answer.ok ? undefined : answer.explanation;
    });
  const bringBack = (content: EarlierContent) =>
    attempt(async () => {
      const outcome = await model.transfers.bringBack(file.fileId, content);
      return outcome.ok ? undefined : outcome.explanation;
    });
  return (
    <>
      {!earlier && (
        <button type="button" className="button button-secondary" disabled={isBusy} onClick={() => void show()}>
          Show Earlier Versions
        </button>
      )}
      {earlier?.length === 0 && <p>It had no other content that is known.</p>}
      {earlier && earlier.length > 0 && (
        <ul className="earlier-contents" aria-label="Earlier versions">
          {earlier.map((content) => (
            <li key={`${content.blob} ${content.replacedMs}`}>
              <span className="ellipsis">{describe(content)}</span>
              <button
                type="button"
                className="button button-secondary"
                disabled={isBusy || lockReason !== undefined}
                title={lockReason}
                onClick={() => void bringBack(content)}
              >
                Bring Back
              </button>
            </li>
          ))}
        </ul>
      )}
      {explanation !== undefined && <p role="alert">{explanation}</p>}
    </>
  );
}

function describe({ sizeBytes, replacedBy, replacedMs, isConcurrent }: EarlierContent): string {
  const size = sizeBytes === undefined ? '' : `${formatBytes(sizeBytes)}, `;
  if (isConcurrent)
    return `${size}by ${replacedBy}, sent on ${new Date(replacedMs).toLocaleString()} when there was a later one`;
  return `${size}until ${replacedBy} replaced it on ${new Date(replacedMs).toLocaleString()}`;
}
