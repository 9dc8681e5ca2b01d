import { type ReactElement, useEffect } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useRelayAway } from '../workbench/use-relay-away.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { EventRow } from './event-row.tsx';
import { Section } from './section.tsx';

/** Changes of many files that were one act, newest first. */
export function EventsSection(): ReactElement {
  const { model } = useServices();
  const { events, hasMore, isLoading, explanation } = useObservable(model.events.state);
  const isAway = useRelayAway();
  useEffect(() => {
    const watching = model.events.watch();
    // A window in the background asks seldom.
    const refresh = () => model.events.refresh();
    window.addEventListener('focus', refresh);
    return () => {
      window.removeEventListener('focus', refresh);
      watching.dispose();
    };
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
          {isAway
            ? `The relay cannot be reached: ${events.length === 0 ? 'events' : 'newer events'} appear once it is.`
            : `${events.length === 0 ? 'The events could not be read' : 'There may be newer events'}: ${explanation}`}
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
