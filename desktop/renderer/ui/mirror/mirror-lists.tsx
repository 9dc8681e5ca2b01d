import { Fragment, type ReactElement } from 'react';
import type { MirrorPreview, PreviewedFile } from '../mirror-model.ts';
import { formatBytes } from '../storage/storage-text.ts';

interface PreviewProps {
  readonly preview: MirrorPreview;
}

interface ChoiceProps extends PreviewProps {
  /** Paths of which the folder's is taken. */
  readonly mine: ReadonlySet<string>;
  readonly onChoose: (path: string, isMine: boolean) => void;
}

interface DifferentListProps extends ChoiceProps {
  readonly shownPath: string | undefined;
  readonly onShow: (path: string) => void;
}

/** Texts that differ. */
export function DifferentList({ preview, mine, shownPath, onChoose, onShow }: DifferentListProps): ReactElement | null {
  const { different, counts, direction } = preview;
  if (counts.different === 0) return null;
  return (
    <section aria-label="Different">
      <h3 className="mirror-heading">Different: {counts.different}</h3>
      <p className="form-note">
        {direction === 'to-disk'
          ? 'The room’s text comes into these files.'
          : 'Choose the text for each. Your text goes into the room as edits.'}
      </p>
      <ul className="mirror-list">
        {different.map(({ path }) => (
          <li key={path} className="mirror-row" data-shown={path === shownPath}>
            <button
              type="button"
              className="text-button mirror-path"
              title={`Compare ${path}`}
              onClick={() => onShow(path)}
            >
              <bdi>{path}</bdi>
            </button>
            <Choice
              label={`Text of ${path}`}
              isMine={mine.has(path)}
              isPossible={direction !== 'to-disk'}
              onChoose={(isMine) => onChoose(path, isMine)}
            />
          </li>
        ))}
      </ul>
      <More shown={different.length} count={counts.different} />
    </section>
  );
}

/** What differs and is no text: one of the two takes the place of the other. */
export function ReplacedList({ preview, mine, onChoose }: ChoiceProps): ReactElement | null {
  const { replaced, counts, direction } = preview;
  if (counts.replaced === 0) return null;
  return (
    <section aria-label="Different, and no text">
      <h3 className="mirror-heading">Different, and no text: {counts.replaced}</h3>
      <p className="form-note">
        The room’s file takes the place of yours, which stays beside it as “NAME.local-DATE”
        {direction === 'both' ? ', unless you choose yours: then it goes into the room.' : '.'}
      </p>
      <ul className="mirror-list">
        {replaced.map(({ path, sizeBytes }) => (
          <li key={path} className="mirror-row">
            <bdi className="mirror-path">{path}</bdi>
            <span className="mirror-size">{formatBytes(sizeBytes)}</span>
            <Choice
              label={`Content of ${path}`}
              isMine={mine.has(path)}
              isPossible={direction === 'both'}
              onChoose={(isMine) => onChoose(path, isMine)}
            />
          </li>
        ))}
      </ul>
      <More shown={replaced.length} count={counts.replaced} />
    </section>
  );
}

interface OneChoiceProps {
  readonly label: string;
  readonly isMine: boolean;
  readonly isPossible: boolean;
  readonly onChoose: (isMine: boolean) => void;
}

function Choice({ label, isMine, isPossible, onChoose }: OneChoiceProps): ReactElement {
  return (
    <select
      className="select mirror-choice"
      aria-label={label}
      value={isMine ? 'mine' : 'room'}
      disabled={!isPossible}
      onChange={(event) => onChoose(event.currentTarget.value === 'mine')}
    >
      <option value="room">The room’s</option>
      <option value="mine">Mine</option>
    </select>
  );
}

/** Files of the room that cannot come, and why. */
export function BlockedList({ preview: { blocked, counts } }: PreviewProps): ReactElement | null {
  if (counts.blocked === 0) return null;
  return (
    <section aria-label="Cannot come to the folder">
      <h3 className="mirror-heading">Cannot come to the folder: {counts.blocked}</h3>
      <p className="form-note">They stay in the room alone until what is in the way is gone.</p>
      <ReasonList files={blocked} />
      <More shown={blocked.length} count={counts.blocked} />
    </section>
  );
}

interface OwnListProps extends PreviewProps {
  readonly sharesOthers: boolean;
  readonly onShare: (isShared: boolean) => void;
}

/** What the room does not have. */
export function OwnList({ preview, sharesOthers, onShare }: OwnListProps): ReactElement | null {
  const { onlyHere, counts, direction } = preview;
  if (counts.onlyHere === 0) return null;
  return (
    <section aria-label="Only in the folder">
      <h3 className="mirror-heading">Only in the folder: {counts.onlyHere}</h3>
      <label className="check">
        <input
          type="checkbox"
          checked={sharesOthers}
          disabled={direction !== 'both'}
          onChange={(event) => onShare(event.currentTarget.checked)}
        />
        Share these files, too
      </label>
      <p className="form-note">
        {direction === 'both'
          ? 'Else they stay on this device.'
          : 'You may not add files to this room: they stay on this device.'}
      </p>
      <FileList files={onlyHere} />
      <More shown={onlyHere.length} count={counts.onlyHere} />
    </section>
  );
}

/** What of the folder nothing happens to, and why. */
export function LeftOutList({ preview: { leftOut, tooLarge, counts } }: PreviewProps): ReactElement | null {
  const count = counts.leftOut + counts.tooLarge;
  if (count === 0) return null;
  const large = tooLarge.map(({ path, sizeBytes }) => ({
    path,
    reason: `It is ${formatBytes(sizeBytes)}, and larger than the room takes of one file.`,
  }));
  return (
    <section aria-label="Left out">
      <h3 className="mirror-heading">Left out: {count}</h3>
      <p className="form-note">Nothing happens to them.</p>
      <ReasonList files={[...leftOut, ...large]} />
      <More shown={leftOut.length + tooLarge.length} count={count} />
    </section>
  );
}

/** What comes to the folder, however much it is, and what both have. */
export function RoomList({ preview: { onlyInRoom, counts } }: PreviewProps): ReactElement {
  return (
    <>
      {counts.onlyInRoom > 0 && (
        <section aria-label="Only in the room">
          <details>
            <summary className="mirror-heading">Only in the room: {counts.onlyInRoom}</summary>
            <ul className="mirror-list">
              {onlyInRoom.map((path) => (
                <li key={path} className="mirror-row">
                  <bdi>{path}</bdi>
                </li>
              ))}
            </ul>
            <More shown={onlyInRoom.length} count={counts.onlyInRoom} />
          </details>
          <p className="form-note">They come to the folder.</p>
        </section>
      )}
      {counts.same > 0 && <p className="form-note">The same in both: {counts.same}</p>}
    </>
  );
}

function FileList({ files }: { readonly files: readonly PreviewedFile[] }): ReactElement {
  return (
    <ul className="mirror-list">
      {files.map(({ path, sizeBytes, twin }) => (
        <Fragment key={path}>
          <li className="mirror-row">
            <bdi>{path}</bdi>
            <span className="mirror-size">{formatBytes(sizeBytes)}</span>
          </li>
          {twin && (
            <li className="mirror-reason">
              Differs only in case from the room’s “<bdi>{twin.path}</bdi>”: once shared, it is called “
              <bdi>{twin.sharedAs}</bdi>”, in this folder, too.
            </li>
          )}
        </Fragment>
      ))}
    </ul>
  );
}

interface Reasoned {
  readonly path: string;
  readonly reason: string;
}

/** Each reason once, below the files that it is of. */
function ReasonList({ files }: { readonly files: readonly Reasoned[] }): ReactElement {
  const byReason = new Map<string, string[]>();
  for (const { path, reason } of files) byReason.set(reason, [...(byReason.get(reason) ?? []), path]);
  return (
    <ul className="mirror-list">
      {[...byReason].map(([reason, paths]) => (
        <Fragment key={reason}>
          {paths.map((path) => (
            <li key={path} className="mirror-row">
              <bdi>{path}</bdi>
            </li>
          ))}
          <li className="mirror-reason">{reason}</li>
        </Fragment>
      ))}
    </ul>
  );
}

function More({ shown, count }: { readonly shown: number; readonly count: number }): ReactElement | null {
  return count > shown ? <p className="form-note">… and {count - shown} more</p> : null;
}
