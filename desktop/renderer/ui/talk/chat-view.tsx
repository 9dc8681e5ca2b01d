import { type ReactElement, type UIEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Icon } from '../primitives/icon.tsx';
import type { EntryView } from '../talk-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { Composer } from './composer.tsx';
import { Entry } from './entry.tsx';
import { dayOf } from './moments.ts';
import { DeliveryNote, LockNote } from './talk-notes.tsx';
import './talk.css';

/** Messages of one person within this time are shown as one. */
const RUN_MS = 5 * 60_000;
const NEAR_END_PX = 40;

/** What the people of the room say to each other. */
export function ChatView(): ReactElement {
  const { model } = useServices();
  const workspace = useObservable(model.workspace.state);
  if (workspace.kind !== 'open') {
    return (
      <p className="side-bar-message">
        {model.workspace.canOpenFolder ? 'Open a folder or join' : 'Join'} with a link to talk to others.
      </p>
    );
  }
  return <OpenChat />;
}

function OpenChat(): ReactElement {
  const { model } = useServices();
  const { chat } = model;
  const messages = useObservable(chat.messages);
  const lockReason = useObservable(chat.lockReason);
  const delivery = useObservable(chat.delivery);
  // Whoever opens the chat is about to write; who gets leave to write later may be busy elsewhere.
  const focusWanted = useRef(true);
  useEffect(() => {
    focusWanted.current = false;
  }, []);
  return (
    <section className="chat" aria-label="Chat">
      <MessageList messages={messages} />
      <DeliveryNote delivery={delivery} />
      {lockReason === undefined ? (
        <Composer
          label="Message"
          placeholder="Message everybody in the room"
          draftKey="chat"
          sendWith="enter"
          focusWanted={focusWanted}
          submit={(text) => chat.send(text)}
        />
      ) : (
        <LockNote reason={lockReason} />
      )}
    </section>
  );
}

function MessageList({ messages }: { readonly messages: readonly EntryView[] }): ReactElement {
  const { model } = useServices();
  const list = useRef<HTMLDivElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const lastId = messages.at(-1)?.id;
  const [seenId, setSeenId] = useState(lastId);
  const isLastOwn = messages.at(-1)?.author.isSelf === true;
  const scrollToEnd = () => {
    const element = list.current;
    if (element) element.scrollTop = element.scrollHeight;
  };
  useLayoutEffect(() => {
    if (isAtEnd || isLastOwn) scrollToEnd();
  }, [lastId, isLastOwn, isAtEnd]);
  useReading(messages);
  const onScroll = ({ currentTarget: { scrollHeight, scrollTop, clientHeight } }: UIEvent<HTMLElement>) => {
    const isNearEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    setAtEnd(isNearEnd);
    if (isNearEnd) setSeenId(lastId);
  };
  const today = dayOf(model.scheduler.now());
  return (
    <div className="chat-messages">
      <div ref={list} className="chat-scroller" role="log" aria-label="Messages" tabIndex={0} onScroll={onScroll}>
        {messages.length === 0 && (
          <p className="side-bar-message">
            Nobody has said anything yet. Everybody in the room can read what you write.
          </p>
        )}
        {messages.map((message, index) => (
          <Entry key={message.id} entry={message} isContinued={continues(messages[index - 1], message)} today={today} />
        ))}
      </div>
      {!isAtEnd && lastId !== seenId && (
        <button type="button" className="button chat-new" onClick={scrollToEnd}>
          <Icon name="arrow-down" /> New messages
        </button>
      )}
    </div>
  );
}

/** Counts messages as read while the window is looked at. */
function useReading(messages: readonly EntryView[]): void {
  const { model } = useServices();
  useEffect(() => {
    const read = () => {
      if (document.visibilityState === 'visible') model.chat.markRead();
    };
    read();
    document.addEventListener('visibilitychange', read);
    return () => document.removeEventListener('visibilitychange', read);
  }, [model, messages]);
}

function continues(before: EntryView | undefined, { author, atMs }: EntryView): boolean {
  return (
    before !== undefined &&
    before.author.subject === author.subject &&
    before.author.name === author.name &&
    Math.abs(atMs - before.atMs) < RUN_MS
  );
}
