import { type ReactElement, useId, useState } from 'react';
import { Avatar } from '../primitives/avatar.tsx';
import { Icon } from '../primitives/icon.tsx';
import { QuotedText } from '../primitives/quoted-text.tsx';
import { useServices } from '../workbench/workbench-services.ts';
import { ChangeRow } from './change-row.tsx';
import { describeFolder, peopleOf } from './changes-text.ts';
import type { RenamedFolder } from './renamed-folders.ts';

const TOP = 'the top folder';

/** Files that others moved together, as one row that opens to them. */
export function FolderRow({ folder }: { readonly folder: RenamedFolder }): ReactElement {
  const { model } = useServices();
  const { from, to, files } = folder;
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const people = files[0] ? peopleOf(files[0]) : [];
  const isNew = files.some(({ isLookedAt }) => !isLookedAt);
  const name = `${from || TOP} → ${to || TOP}`;
  const lookAt = () => {
    setOpen(!isOpen);
    for (const { fileId } of files) model.away.lookedAt(fileId);
  };
  return (
    <li className={isNew ? 'change-row is-new' : 'change-row'}>
      <button type="button" className="change-name" aria-expanded={isOpen} aria-controls={id} onClick={lookAt}>
        <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
        <bdi className="change-file ellipsis">{name}</bdi>
        <span className="change-folder">{files.length.toLocaleString('en')} files</span>
        {isNew && <span className="visually-hidden">not looked at</span>}
        <span className="change-letter" aria-hidden="true">
          R
        </span>
      </button>
      <div className="change-what">
        {people.map(({ subject, name: who, colorIndex }) => (
          <Avatar key={subject} name={who} colorIndex={colorIndex} size="tiny" />
        ))}
        <span>
          <QuotedText text={describeFolder(folder)} quoted={people.map((person) => person.name)} />
        </span>
      </div>
      <div className="change-actions" role="group" aria-label={`Actions for ${name}`}>
        <button
          type="button"
          className="text-button"
          aria-label={`Keep: ${name}`}
          onClick={() => files.forEach(({ fileId }) => model.away.keep(fileId))}
        >
          Keep
        </button>
      </div>
      {isOpen && (
        <ul id={id} className="people-list change-moved" aria-label={`Files of ${name}`}>
          {files.map((file) => (
            <ChangeRow key={file.fileId} file={file} />
          ))}
        </ul>
      )}
    </li>
  );
}
