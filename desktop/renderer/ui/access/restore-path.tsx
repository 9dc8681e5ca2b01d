import { type ReactElement, useId } from 'react';
import type { UnlistedFile } from '../access-model.ts';

interface RestorePathProps {
  readonly unlisted: UnlistedFile;
  readonly value: string;
  /** The same person proposes a change of the list of files as well. */
  readonly hasListProposal: boolean;
  readonly onChange: (path: string) => void;
}

/** Says that a proposal is for a file that is not in the list, and asks where applying it puts the file. */
export function RestorePath({ unlisted, value, hasListProposal, onChange }: RestorePathProps): ReactElement {
  const id = useId();
  const why =
    unlisted.lastPath === undefined
      ? 'The file is not in the list of files: it was deleted, or never listed.'
      : 'The file was deleted.';
  return (
    <div className="access-page-header restore-path">
      <p className="form-note" id={`${id}-note`}>
        {why} Applying puts it back, with this text.
        {hasListProposal && ' The same person proposes a change of the list of files: look at that one first.'}
      </p>
      <label htmlFor={id}>Put it back as</label>
      <input
        id={id}
        className="input"
        value={value}
        placeholder="folder/name.txt"
        aria-describedby={`${id}-note`}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => onChange(target.value)}
      />
    </div>
  );
}
