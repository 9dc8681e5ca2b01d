import type { IDockviewPanelProps } from 'dockview-react';
import { type ReactElement, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { type Disposable, MutableDisposable } from '../../../../shared/lifecycle/index.ts';
import type { AwayFileView, AwayTextsView } from '../away-model.ts';
import { Avatar } from '../primitives/avatar.tsx';
import { Icon } from '../primitives/icon.tsx';
import { QuotedText } from '../primitives/quoted-text.tsx';
import { useFile } from '../workbench/use-file.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import type { ComparedTexts, ComparisonView } from '../workbench-model.ts';
import { openChangedFile, possibleActions, restoreUndone, undoMine, undoTheirs } from './change-actions.ts';
import { describeChange, quotedIn } from './changes-text.ts';
import { OneAtATime } from './one-at-a-time.ts';
import '../access/access.css';
import './changes.css';

export interface ChangePanelParameters {
  /** Not `fileId`: the tab is no editor of the file. */
  readonly changedFileId: string;
}

/** Between two readings of a text that changes. */
const READ_AGAIN_MS = 500;

type Side = 'others' | 'self' | 'all';

/** Which text is on the left; what is there now is on the right. */
const BEFORE = { others: 'mine', self: 'theirs', all: 'base' } as const satisfies Record<Side, keyof AwayTextsView>;
const SIDES: readonly { readonly side: Side; readonly label: string }[] = [
  { side: 'others', label: 'Their Edits' },
  { side: 'self', label: 'Your Edits' },
  { side: 'all', label: 'All Edits' },
];

/** What others changed in a file while self was away, beside what self had, and what can be done about it. */
export function ChangePage({ params, api }: IDockviewPanelProps<ChangePanelParameters>): ReactElement {
  const { model } = useServices();
  const { changedFileId: fileId } = params;
  const summary = useObservable(model.away.summary);
  const file = summary?.files.find((changed) => changed.fileId === fileId);
  const [side, setSide] = useState<Side>('others');
  const isVisible = useVisibility(api);
  const { texts, explanation } = useTexts(fileId, file, isVisible);
  const isShown = isVisible && texts !== undefined && file !== undefined;
  useEffect(() => {
    if (isShown) model.away.lookedAt(fileId);
  }, [model, fileId, isShown]);
  return (
    <div className="access-page">
      {file ? <Header file={file} onKept={() => api.close()} /> : <Settled fileId={fileId} />}
      {file && texts && <Legend file={file} side={side} onSide={setSide} />}
      {file && explanation !== undefined && (
        <p className="form-error access-page-header" role="alert">
          {explanation}
        </p>
      )}
      {file && !texts && explanation === undefined && (
        <p className="form-note access-page-header" role="status">
          <Icon name="loading" isSpinning /> Reading what changed…
        </p>
      )}
      {texts && <Notes texts={texts} side={side} />}
      <div className="access-page-body">{texts && <Comparison fileId={fileId} texts={texts} side={side} />}</div>
    </div>
  );
}

function Header({ file, onKept }: { readonly file: AwayFileView; readonly onKept: () => void }): ReactElement {
  const services = useServices();
  const possible = possibleActions(file);
  const keep = () => {
    services.model.away.keep(file.fileId);
    onKept();
  };
  return (
    <header className="access-page-header">
      <h2 className="access-page-title">
        <strong>
          <bdi>{file.path}</bdi>
        </strong>{' '}
        while you were away: <QuotedText text={describeChange(file)} quoted={quotedIn(file)} />
      </h2>
      {possible.open && (
        <button type="button" className="button button-secondary" onClick={() => openChangedFile(services, file)}>
          Open File
        </button>
      )}
      {possible.undoMine && (
        <button type="button" className="button button-secondary" onClick={() => void undoMine(services, file)}>
          Undo Mine
        </button>
      )}
      {possible.undoTheirs && (
        <button type="button" className="button button-secondary" onClick={() => void undoTheirs(services, file)}>
          Undo Theirs
        </button>
      )}
      {possible.restore && (
        <button type="button" className="button button-secondary" onClick={() => void restoreUndone(services, file)}>
          {file.undone === 'mine' ? 'Restore My Edits' : 'Restore Their Edits'}
        </button>
      )}
      <button type="button" className="button" onClick={keep}>
        Keep
      </button>
    </header>
  );
}

function Settled({ fileId }: { readonly fileId: string }): ReactElement {
  const { editorArea } = useServices();
  const { isListed } = useFile(fileId);
  return (
    <p className="form-note access-page-header" role="status">
      This file needs no look any more: it was kept as it is.{' '}
      {isListed && (
        <button type="button" className="text-button" onClick={() => editorArea.openFile(fileId)}>
          Open File
        </button>
      )}
    </p>
  );
}

interface LegendProps {
  readonly file: AwayFileView;
  readonly side: Side;
  readonly onSide: (side: Side) => void;
}

/** What is compared, and whose colour is which. */
function Legend({ file, side, onSide }: LegendProps): ReactElement {
  return (
    <div className="change-legend">
      {file.text === 'both' && (
        <div className="change-sides" role="group" aria-label="Edits to show">
          {SIDES.map((choice) => (
            <button
              key={choice.side}
              type="button"
              className="change-side"
              aria-pressed={choice.side === side}
              onClick={() => onSide(choice.side)}
            >
              {choice.label}
            </button>
          ))}
        </div>
      )}
      <ul className="change-people" aria-label="Who changed it">
        {file.people.map(({ subject, name, colorIndex }) => (
          <li key={subject}>
            <Avatar name={name} colorIndex={colorIndex} size="tiny" /> <bdi>{name}</bdi>
          </li>
        ))}
      </ul>
      {file.lockReason !== undefined && <span className="form-note">{file.lockReason}</span>}
    </div>
  );
}

function Notes({ texts, side }: { readonly texts: AwayTextsView; readonly side: Side }): ReactElement | null {
  if (texts.isAdditionsOnly) {
    return (
      <p className="form-note access-page-header" role="status">
        This file was never on this device before: what others added to it is shown, but not what they deleted.
      </p>
    );
  }
  if (texts[BEFORE[side]] !== texts.now) return null;
  return (
    <p className="form-note access-page-header" role="status">
      {side === 'self' ? 'Nothing of your edits is in the text now.' : 'Nothing of these edits is in the text now.'}
    </p>
  );
}

interface ComparisonProps {
  readonly fileId: string;
  readonly texts: AwayTextsView;
  readonly side: Side;
}

function Comparison({ fileId, texts, side }: ComparisonProps): ReactElement {
  const { model } = useServices();
  const { file } = useFile(fileId);
  const path = file?.path ?? '';
  const element = useRef<HTMLDivElement>(null);
  const shown = useRef<ComparisonView>(null);
  const compared = useRef<ComparedTexts>(null);
  useEffect(() => {
    const { now: after, authors } = texts;
    compared.current = { path, before: texts[BEFORE[side]], after, authors };
    shown.current?.update(compared.current);
  }, [path, texts, side]);
  useEffect(() => {
    if (!element.current || !compared.current) return undefined;
    const view = model.editors.showComparison(element.current, compared.current);
    shown.current = view;
    return () => {
      shown.current = null;
      view.dispose();
    };
    // Another comparison begins at its top.
  }, [model, path, side]);
  return <div ref={element} className="difference" />;
}

function useVisibility(api: IDockviewPanelProps['api']): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const subscription = api.onDidVisibilityChange(listener);
      return () => subscription.dispose();
    },
    [api],
  );
  return useSyncExternalStore(subscribe, () => api.isVisible);
}

/** Rises once the text has changed, by whomever, and rests or goes on changing for a while. */
function useTextVersion(fileId: string, isWanted: boolean): number {
  const { model } = useServices();
  const [version, setVersion] = useState(0);
  useEffect(() => {
    if (!isWanted) return undefined;
    const reading = new MutableDisposable<Disposable>();
    const watching = model.away.watchText(fileId, () => {
      reading.value ??= model.scheduler.schedule(() => {
        reading.value = undefined;
        setVersion((last) => last + 1);
      }, READ_AGAIN_MS);
    });
    return () => {
      watching.dispose();
      reading.dispose();
    };
  }, [model, fileId, isWanted]);
  return version;
}

/** The texts as they are whenever the page comes into view, or something was done about the file. */
function useTexts(fileId: string, file: AwayFileView | undefined, isVisible: boolean) {
  const { model } = useServices();
  const [texts, setTexts] = useState<AwayTextsView>();
  const [explanation, setExplanation] = useState<string>();
  const isWanted = file !== undefined && isVisible;
  // What the relay has told meanwhile, and what was undone, is in other texts.
  const state = file && JSON.stringify([file.text, file.undone, file.theirs, file.mine, file.takenBack]);
  const version = useTextVersion(fileId, isWanted);
  const reading = useRef<OneAtATime>(null);
  useEffect(() => {
    if (!isWanted) return undefined;
    let isCurrent = true;
    // The relay may be slow to tell who wrote what, and the text goes on.
    const readings = new OneAtATime(async () => {
      const answer = await model.away.readTexts(fileId);
      if (!isCurrent) return;
      setExplanation(answer.ok ? undefined : answer.explanation);
      // A comparison that is the same keeps its place.
      if (answer.ok)
        setTexts((shown) => (JSON.stringify(shown) === JSON.stringify(answer.value) ? shown : answer.value));
    });
    reading.current = readings;
    return () => {
      isCurrent = false;
      reading.current = null;
      readings.end();
    };
  }, [model, fileId, isWanted]);
  useEffect(() => reading.current?.run(), [model, fileId, isWanted, state, version]);
  return { texts, explanation };
}
