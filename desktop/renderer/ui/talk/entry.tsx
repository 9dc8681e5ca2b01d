import { memo, type ReactElement, type ReactNode } from 'react';
import { describeTime } from '../access/times.ts';
import { presenceColor } from '../../theme/presence-palette.ts';
import { Avatar } from '../primitives/avatar.tsx';
import type { EntryView } from '../talk-model.ts';
import { describeMoment } from './moments.ts';

interface EntryProps {
  readonly entry: EntryView;
  /** The name and the time are shown by the message above. */
  readonly isContinued?: boolean;
  /** As `dayOf` tells it. */
  readonly today: string;
  readonly actions?: ReactNode;
}

/** A message of the chat or a comment. Everything in it is somebody's input and becomes text, never markup. */
export const Entry = memo(function Entry({ entry, isContinued = false, today, actions }: EntryProps): ReactElement {
  const { text, atMs, author } = entry;
  return (
    <div className={isContinued ? 'entry is-continued' : 'entry'}>
      {!isContinued && <Avatar name={author.name} colorIndex={author.colorIndex} />}
      <div className="entry-content">
        {!isContinued && (
          <div className="entry-head">
            <bdi className="entry-author ellipsis" style={{ color: presenceColor(author.colorIndex) }}>
              {author.name}
            </bdi>
            {author.isSelf && <span className="entry-self">(you)</span>}
            <time className="entry-time" dateTime={new Date(atMs).toISOString()} title={describeTime(atMs)}>
              {describeMoment(atMs, today)}
            </time>
            {actions}
          </div>
        )}
        <div className="entry-text" dir="auto">
          {text}
        </div>
      </div>
    </div>
  );
});
