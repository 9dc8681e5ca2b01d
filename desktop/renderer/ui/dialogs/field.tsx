import { type ReactElement, useId } from 'react';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  readonly problem?: string | undefined;
  readonly hasFocus?: boolean;
  /** Whether the first focus selects what is in it. */
  readonly isSelected?: boolean;
  readonly onChange: (value: string) => void;
}

/** One line of text that a dialog asks for, and what is wrong with it. */
export function Field({
  label,
  value,
  placeholder,
  problem,
  hasFocus = false,
  isSelected = false,
  onChange,
}: FieldProps): ReactElement {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input"
        value={value}
        placeholder={placeholder}
        autoFocus={hasFocus}
        onFocus={(event) => isSelected && event.target.select()}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        onChange={(event) => onChange(event.target.value)}
      />
      {problem !== undefined && (
        <p className="form-error" id={`${id}-problem`} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
