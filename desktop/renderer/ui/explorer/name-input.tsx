import { type KeyboardEvent, type ReactElement, useEffect, useId, useRef, useState } from 'react';

interface NameInputProps {
  readonly label: string;
  readonly initialName: string;
  /** Why a name cannot be used; undefined when it can. */
  readonly check: (name: string) => string | undefined;
  readonly onCommit: (name: string) => void;
  readonly onCancel: () => void;
}

/** The inline input for a name. Enter takes it, Escape does not; leaving takes a good name and drops a bad one. */
export function NameInput({ label, initialName, check, onCommit, onCancel }: NameInputProps): ReactElement {
  const [name, setName] = useState(initialName);
  const [isTouched, setTouched] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const isDone = useRef(false);
  const errorId = useId();
  const problem = check(name);
  useEffect(() => {
    const dot = initialName.lastIndexOf('.');
    input.current?.focus();
    input.current?.setSelectionRange(0, dot > 0 ? dot : initialName.length);
  }, [initialName]);
  const finish = (end: () => void) => {
    if (isDone.current) return;
    isDone.current = true;
    end();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') finish(onCancel);
    if (event.key !== 'Enter') return;
    setTouched(true);
    if (problem === undefined) finish(() => onCommit(name.trim()));
  };
  const isProblemShown = problem !== undefined && isTouched;
  return (
    <span className="name-input">
      <input
        ref={input}
        aria-label={label}
        aria-invalid={isProblemShown}
        aria-describedby={isProblemShown ? errorId : undefined}
        autoComplete="off"
        spellCheck={false}
        value={name}
        onChange={(event) => {
          setName(event.target.value);
          setTouched(true);
        }}
        onKeyDown={onKeyDown}
        onClick={(event) => event.stopPropagation()}
        onBlur={() =>
          finish(problem === undefined && name.trim() !== initialName ? () => onCommit(name.trim()) : onCancel)
        }
      />
      {isProblemShown && (
        <span className="name-input-problem" id={errorId} role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}
