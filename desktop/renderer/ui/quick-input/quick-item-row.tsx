import { Fragment, type ReactElement } from 'react';
import { Icon } from '../primitives/icon.tsx';
import type { QuickItem } from './quick-items.ts';

interface QuickItemRowProps {
  readonly id: string;
  readonly item: QuickItem;
  readonly isActive: boolean;
  readonly onAccept: (isToSide: boolean) => void;
}

/** One result, with what the query found set off. */
export function QuickItemRow({ id, item, isActive, onAccept }: QuickItemRowProps): ReactElement {
  return (
    <div
      id={id}
      role="option"
      aria-selected={isActive}
      className="quick-item"
      title={item.description === '' ? item.label : `${item.description}/${item.label}`}
      onClick={(event) => onAccept(event.ctrlKey || event.metaKey)}
    >
      {item.icon !== undefined && (
        <span className="file-icon">
          <Icon name={item.icon} />
        </span>
      )}
      <span className="quick-item-label ellipsis">
        <Highlighted text={item.label} positions={item.labelMatches} />
      </span>
      <span className="quick-item-description ellipsis">
        <Highlighted text={item.description} positions={item.descriptionMatches} />
      </span>
      {item.keys !== undefined && <kbd className="quick-item-keys">{item.keys}</kbd>}
    </div>
  );
}

function Highlighted({
  text,
  positions,
}: {
  readonly text: string;
  readonly positions: readonly number[];
}): ReactElement {
  return (
    <bdi>
      {splitRuns(text, new Set(positions)).map((run, index) => (
        <Fragment key={index}>{run.isFound ? <mark>{run.text}</mark> : run.text}</Fragment>
      ))}
    </bdi>
  );
}

function splitRuns(text: string, found: ReadonlySet<number>): { text: string; isFound: boolean }[] {
  const runs: { text: string; isFound: boolean }[] = [];
  for (let index = 0; index < text.length; index++) {
    const isFound = found.has(index);
    const last = runs.at(-1);
    if (last?.isFound === isFound) last.text += text.charAt(index);
    else runs.push({ text: text.charAt(index), isFound });
  }
  return runs;
}
