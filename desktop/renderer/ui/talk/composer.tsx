import { type KeyboardEvent, type ReactElement, type RefObject, useEffect, useRef, useState } from 'react';
import { MAX_TALK_CHARACTERS } from '../../../../shared/workspace/index.ts';
import type { Outcome } from '../workbench-model.ts';
import { useServices } from '../workbench/workbench-services.ts';

/** From so few on it is said how many characters are left. */
const FEW_CHARACTERS = 200;

interface ComposerProps {
  readonly label: string;
  readonly placeholder: string;
  /** What was written here and not sent comes back under this key. */
  readonly draftKey: string;
  /** What the button says; without it there is none. */
  readonly submitLabel?: string;
  /** `enter`: Enter sends, Shift+Enter breaks the line. `mod-enter`: Enter breaks the line, Ctrl+Enter sends. */
  readonly sendWith: 'enter' | 'mod-enter';
  /** Whether it takes the focus when it appears. */
  readonly focusWanted: RefObject<boolean>;
  readonly submit: (text: string) => Outcome;
  readonly onCancel?: () => void;
}

/** Where a message or a comment is written. What was written stays until it is sent or cancelled. */
export function Composer(props: ComposerProps): ReactElement {
  const { label, placeholder, submitLabel, sendWith, focusWanted, onCancel } = props;
  const { text, setText, refusal, send, discard } = useDraft(props);
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    // Where it appears is not laid out yet.
    if (focusWanted.current) area.current?.focus({ preventScroll: true });
  }, [focusWanted]);
  const left = MAX_TALK_CHARACTERS - text.trimEnd().length;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const isModified = event.ctrlKey || event.metaKey;
    const isSend = event.key === 'Enter' && !event.shiftKey && (isModified || sendWith === 'enter');
    if (isSend) send();
    else if (event.key === 'Escape' && onCancel) onCancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const cancel = () => {
    discard();
    onCancel?.();
  };
  return (
    <div className="composer">
      <textarea
        ref={area}
        className="input composer-text"
        aria-label={label}
        placeholder={placeholder}
        rows={1}
        dir="auto"
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={onKeyDown}
      />
      {left < FEW_CHARACTERS && <p className={left < 0 ? 'form-error' : 'form-note'}>{left} characters left</p>}
      {refusal !== undefined && (
        <p className="form-error" role="alert">
          {refusal}
        </p>
      )}
      {submitLabel !== undefined && (
        <div className="composer-buttons">
          {onCancel && (
            <button type="button" className="button button-secondary" onClick={cancel}>
              Cancel
            </button>
          )}
          <button type="button" className="button" disabled={text.trim() === ''} onClick={send}>
            {submitLabel}
          </button>
        </div>
      )}
    </div>
  );
}

function useDraft({ draftKey, submit }: ComposerProps) {
  const { drafts } = useServices().state;
  const [text, setShownText] = useState(() => drafts.get(draftKey) ?? '');
  const [refusal, setRefusal] = useState<string>();
  const setText = (next: string) => {
    drafts.set(draftKey, next);
    setShownText(next);
  };
  const discard = () => {
    drafts.delete(draftKey);
    setShownText('');
  };
  const send = () => {
    if (text.trim() === '') return;
    const outcome = submit(text);
    if (outcome.ok) discard();
    setRefusal(outcome.ok ? undefined : outcome.explanation);
  };
  return { text, setText, refusal, send, discard };
}
