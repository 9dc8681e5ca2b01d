import { type ReactElement, useState } from 'react';
import { formatBytes } from '../storage/storage-text.ts';
import type { FileContent } from '../transfers-model.ts';
import type { WorkspaceFile } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';

/** What a file that is no text was before, to be brought back. */
export function EarlierContents({ file }: { readonly file: WorkspaceFile }): ReactElement {
  const { model } = useServices();
  const workspace = useObservable(model.workspace.state);
  const lockReason = workspace.kind === 'open' ? workspace.lockReason : undefined;
  const [contents, setContents] = useState<readonly FileContent[]>();
  const [explanation, setExplanation] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const attempt = async (act: () => Promise<string | undefined>) => {
    setBusy(true);
    setExplanation(await act());
    setBusy(false);
  };
  const show = () =>
    attempt(async () => {
      const answer = await model.transfers.listContents(file.fileId);
      if (answer.ok) setContents(answer.value);
      return answer.ok ? undefined : answer.explanation;
    });
  const bringBack = (content: FileContent) =>
    attempt(async () => {
      const outcome = await model.transfers.bringBack(file.fileId, content);
      return outcome.ok ? undefined : outcome.explanation;
    });
  const hasOther = contents?.some(({ fate }) => fate.kind !== 'counts') === true;
  return (
    <>
      {!contents && (
        <button type="button" className="button button-secondary" disabled={isBusy} onClick={() => void show()}>
          Show Earlier Versions
        </button>
      )}
      {contents && !hasOther && <p>It had no other content that is known.</p>}
      {contents && hasOther && (
        <ul className="earlier-contents" aria-label="Earlier versions">
          {contents.map((content) => (
            <li key={content.blob}>
              <span className="ellipsis" title={describe(content)}>
                {describe(content)}
              </span>
              {content.fate.kind !== 'counts' && (
                <button
                  type="button"
                  className="button button-secondary"
                  disabled={isBusy || lockReason !== undefined}
                  title={lockReason}
                  onClick={() => void bringBack(content)}
                >
                  Bring Back
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {explanation !== undefined && <p role="alert">{explanation}</p>}
    </>
  );
}

function describe({ sizeBytes, written, fate }: FileContent): string {
  const size = sizeBytes === undefined ? [] : [formatBytes(sizeBytes)];
  const on = (atMs: number) => `on ${new Date(atMs).toLocaleString()}`;
  const late = fate.kind === 'late';
  const author = written ? [`by ${written.by}${late ? ', sent' : ''} ${on(written.atMs)}`] : [];
  const head = [...size, ...author].join(', ');
  switch (fate.kind) {
    case 'counts':
      return head === '' ? 'This one counts' : `${head}: this one counts`;
    case 'replaced':
      return `${head === '' ? '' : `${head}, `}until ${fate.by} replaced it ${on(fate.atMs)}`;
    case 'late':
      return `${head} when there was a later one`;
    case 'passed-over':
      return `${head === '' ? '' : `${head}; `}another one counts`;
  }
}
