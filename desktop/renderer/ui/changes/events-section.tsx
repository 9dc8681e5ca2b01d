import { type ReactElement, useEffect } from 'react';
import { describeDistance, describeExactTime } from '../access/times.ts';
import { presenceColor } from '../../theme/presence-palette.ts';
import type { RoomEventView } from '../events-model.ts';
import { Icon } from '../primitives/icon.tsx';
import { isolate } from '../primitives/quoted-text.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { Section } from './section.tsx';

const ICONS: ReadonlyMap<string, string> = new Map([
  ['bulk', 'files'],
  ['blob', 'file-binary'],
]);

/** Changes of many files that were one act, newest first. */
export function EventsSection(): ReactElement {
  const { model } = useServices();
  const { events, hasMore, isLoading, explanation } = useObservable(model.events.state);
  useEffect(() => {
    const watching = model.events.watch();
    return () => watching.dispose();
  }, [model]);
  return (
    <Section title="Events">
      {events.length === 0 && !isLoading && explanation === undefined && (
        <p className="side-bar-message">
          No events yet. Changes of many files at once, such as a switch of branches, are listed here.
        </p>
      )}
      {events.length > 0 && (
        <ol className="people-list" aria-label="Events">
          {events.map((event) => (
            <EventRow key={event.seq} event={event} />
          ))}
        </ol>
      )}
      {explanation !== undefined && (
        <p className="side-bar-message changes-note" role="status">
          {events.length === 0 ? 'The events could not be read' : 'There may be newer events'}: {explanation}
        </p>
      )}
      {events.length === 0 && isLoading && (
        <p className="side-bar-message">
          <Icon name="loading" isSpinning /> Asking the relay…
        </p>
      )}
      {hasMore && (
        <button
          type="button"
          className="text-button changes-more"
          disabled={isLoading}
          onClick={() => void model.events.loadMore()}
        >
          Show Older Events
        </button>
      )}
    </Section>
  );
}

function EventRow({ event }: { readonly event: RoomEventView }): ReactElement {
  const { model } = useServices();
  const { kind, label, fileCount, name, colorIndex, isSelf, atMs } = event;
  const files = fileCount === 1 ? '1 file' : `${fileCount.toLocaleString('en')} files`;
  return (
    <li className="event-row" title={`${isolate(label)}\n${isolate(name)}, ${describeExactTime(atMs)}`}>
      <Icon name={ICONS.get(kind) ?? 'history'} />
      <span className="person-text">
        <bdi className="ellipsis">{label}</bdi>
        <span className="person-where ellipsis">
          <bdi style={{ color: presenceColor(colorIndex) }}>{name}</bdi>
          {isSelf && ' (you)'} · {files} ·{' '}
          <time dateTime={new Date(atMs).toISOString()}>{describeDistance(atMs, model.scheduler.now())}</time>
        </span>
      </span>
    </li>
  );
}
