import type { ReactElement } from 'react';
import { type AwayFileView, isByBoth, isReplacedByBoth } from '../away-model.ts';
import { fileIcon } from '../explorer/file-icon.ts';
import { Avatar } from '../primitives/avatar.tsx';
import { Icon } from '../primitives/icon.tsx';
import { isolate, QuotedText } from '../primitives/quoted-text.tsx';
import { useServices } from '../workbench/workbench-services.ts';
import { baseName, parentPath } from '../workbench/workspace-files.ts';
import { describeDistance } from '../access/times.ts';
import {
  bringBack,
  openChangedFile,
  possibleActions,
  restoreUndone,
  showChange,
  undoMine,
  undoTheirs,
} from './change-actions.ts';
import { changeLetter, describeChange, describeSizes, peopleOf, quotedIn } from './changes-text.ts';

const MAX_AVATARS = 3;

/** One file that others changed: who did what, and what can be done about it. */
export function ChangeRow({ file }: { readonly file: AwayFileView }): ReactElement {
  const services = useServices();
  const { path, isListed, anewId, isLookedAt } = file;
  const people = peopleOf(file);
  const [last] = people;
  const what = describeChange(file);
  const when = last && describeDistance(last.lastMs, services.model.scheduler.now());
  const title = [isolate(path), what, describeSizes(file)].filter((line) => line !== '').join('\n');
  const classes = ['change-row', isByBoth(file) && 'is-both', !isListed && anewId === undefined && 'is-deleted'];
  return (
    <li className={[...classes, !isLookedAt && 'is-new'].filter(Boolean).join(' ')}>
      <button type="button" className="change-name" title={title} onClick={() => showChange(services, file)}>
        <Icon name={fileIcon(path, 'text')} />
        <bdi className="change-file ellipsis">{baseName(path)}</bdi>
        <bdi className="change-folder ellipsis">{parentPath(path)}</bdi>
        {!isLookedAt && <span className="visually-hidden">not looked at</span>}
        <span className="change-letter" aria-hidden="true">
          {changeLetter(file)}
        </span>
      </button>
      <div className="change-what">
        {people.slice(0, MAX_AVATARS).map(({ subject, name, colorIndex }) => (
          <Avatar key={subject} name={name} colorIndex={colorIndex} size="tiny" />
        ))}
        <span>
          <QuotedText text={what} quoted={quotedIn(file)} />
          {when !== undefined && <span className="change-when"> · {when}</span>}
        </span>
      </div>
      <ChangeActions file={file} />
    </li>
  );
}

function ChangeActions({ file }: { readonly file: AwayFileView }): ReactElement {
  const services = useServices();
  const { model } = services;
  const { fileId, path, undone } = file;
  const possible = possibleActions(file);
  const name = baseName(path);
  return (
    <div className="change-actions" role="group" aria-label={`Actions for ${name}`}>
      {undone !== undefined && (
        <span className="change-undone">
          {undone === 'theirs' ? 'You undid their edits.' : 'You undid your edits.'}
        </span>
      )}
      {(possible.compare || possible.open) && (
        <Action
          label={isReplacedByBoth(file) ? 'Show Versions' : 'Show'}
          about={name}
          onPress={() => showChange(services, file)}
        />
      )}
      <Action label="Keep" about={name} onPress={() => model.away.keep(fileId)} />
      {possible.compare && possible.open && file.anewId !== undefined && (
        <Action label="Open New File" about={name} onPress={() => openChangedFile(services, file)} />
      )}
      {possible.undoTheirs && <Action label="Undo Theirs" about={name} onPress={() => undoTheirs(services, file)} />}
      {possible.undoMine && <Action label="Undo Mine" about={name} onPress={() => undoMine(services, file)} />}
      {possible.restore && <Action label="Restore" about={name} onPress={() => restoreUndone(services, file)} />}
      {possible.bringBack && <Action label="Bring Back" about={name} onPress={() => bringBack(services, file)} />}
    </div>
  );
}

interface ActionProps {
  readonly label: string;
  /** For who does not see the row. */
  readonly about: string;
  readonly onPress: () => void | Promise<void>;
}

function Action({ label, about, onPress }: ActionProps): ReactElement {
  const press = (button: HTMLElement) => {
    const places = placesFor(button);
    void Promise.resolve(onPress()).then(() => requestAnimationFrame(() => keepFocus(places)));
  };
  return (
    <button
      type="button"
      className="text-button"
      aria-label={`${label}: ${about}`}
      onClick={({ currentTarget }) => press(currentTarget)}
    >
      {label}
    </button>
  );
}

/** Where the focus can go from a button that goes away: its row, the rows around, and the heading of the list. */
function placesFor(button: HTMLElement): readonly HTMLElement[] {
  const row = button.closest('.change-row');
  const view = button.closest('.changes');
  const rows = [...(view?.querySelectorAll('.change-row') ?? [])];
  const at = rows.findIndex((other) => other === row);
  const names = [row, rows[at + 1], rows[at - 1]].map((place) => place?.querySelector<HTMLElement>('.change-name'));
  return [...names, view?.querySelector<HTMLElement>('.section-toggle')].filter(
    (place) => place instanceof HTMLElement,
  );
}

function keepFocus(places: readonly HTMLElement[]): void {
  if (document.activeElement !== document.body) return;
  places.find((place) => place.isConnected)?.focus();
}
