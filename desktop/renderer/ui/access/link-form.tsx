import { type FormEvent, type ReactElement, useId, useState } from 'react';
import type { Role } from '../../../../shared/access/index.ts';
import type { LinkForms } from '../../../../shared/sync/administration/index.ts';
import { roleAbility, roleName } from '../people/role-names.ts';
import { Icon } from '../primitives/icon.tsx';
import { usePendingAction } from '../primitives/use-pending-action.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { MadeLink } from './made-link.tsx';
import {
  type DraftVerdict,
  EMPTY_DRAFT,
  EXPIRIES,
  EXPIRY_NAMES,
  type LinkDraft,
  readDraft,
  readPatterns,
} from './new-link.ts';

const INVITABLE: readonly Role[] = ['editor', 'commenter', 'viewer'];

/** Asks what a new link is for, makes it and copies it. */
export function LinkForm(): ReactElement {
  const { model } = useServices();
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const [made, setMade] = useState<{ readonly forms: LinkForms; readonly isCopied: boolean }>();
  const [problem, setProblem] = useState<Extract<DraftVerdict, { ok: false }>>();
  const action = usePendingAction();
  const change = (part: Partial<LinkDraft>) => {
    setDraft({ ...draft, ...part });
    setMade(undefined);
    setProblem(undefined);
    action.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const verdict = readDraft(draft, model.scheduler.now());
    setProblem(verdict.ok ? undefined : verdict);
    if (!verdict.ok) return;
    const make = async () => {
      const created = await model.access.createLink(verdict.link);
      if (!created.ok) return created;
      const copied = await model.access.copyText(created.value.url);
      setMade({ forms: created.value, isCopied: copied.ok });
      return { ok: true } as const;
    };
    action.start(make, () => undefined);
  };
  return (
    <form className="link-form" onSubmit={submit} aria-label="New link">
      <LinkFields draft={draft} problem={problem} onChange={change} />
      <footer className="link-form-actions">
        <button type="submit" className="button" disabled={action.isPending}>
          <Icon name={action.isPending ? 'loading' : 'link'} isSpinning={action.isPending} /> Create and Copy Link
        </button>
      </footer>
      <div aria-live="polite">
        {action.explanation !== undefined && <p className="form-error">{action.explanation}</p>}
        {made && <MadeLink forms={made.forms} isCopied={made.isCopied} />}
      </div>
    </form>
  );
}

interface LinkFieldsProps {
  readonly draft: LinkDraft;
  readonly problem: Extract<DraftVerdict, { ok: false }> | undefined;
  readonly onChange: (part: Partial<LinkDraft>) => void;
}

function LinkFields({ draft, problem, onChange }: LinkFieldsProps): ReactElement {
  const problemOf = (field: string) => (problem?.field === field ? problem.explanation : undefined);
  const isLimited = readPatterns(draft.paths).length > 0;
  return (
    <div className="link-fields">
      <Choice
        label="Whoever has the link"
        isWide
        value={draft.role}
        options={INVITABLE.map((role) => [role, `${roleAbility(role, isLimited)} (${roleName(role)})`])}
        onChange={(role) => onChange({ role })}
      />
      <Choice
        label="Expires"
        note="People can join until then. Whoever is inside stays."
        value={draft.expiry}
        options={EXPIRIES.map((expiry) => [expiry, EXPIRY_NAMES[expiry]])}
        onChange={(expiry) => onChange({ expiry })}
      />
      <TextField
        label="Number of uses"
        note="How many people can join."
        placeholder="Any number"
        value={draft.maxUses}
        problem={problemOf('maxUses')}
        onChange={(maxUses) => onChange({ maxUses })}
      />
      {draft.expiry === 'custom' && (
        <TextField
          label="Expires at"
          type="datetime-local"
          isWide
          value={draft.customExpiry}
          problem={problemOf('customExpiry')}
          onChange={(customExpiry) => onChange({ customExpiry })}
        />
      )}
      <TextField
        label="Label"
        isWide
        placeholder="Shown to owners only"
        value={draft.label}
        onChange={(label) => onChange({ label })}
      />
      <PathsField value={draft.paths} problem={problemOf('paths')} onChange={(paths) => onChange({ paths })} />
      <label className="check field-wide">
        <input
          type="checkbox"
          checked={draft.needsApproval}
          onChange={({ target }) => onChange({ needsApproval: target.checked })}
        />
        An owner lets each person in
      </label>
    </div>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly note?: string;
  readonly isWide?: boolean;
  readonly value: T;
  readonly options: readonly (readonly [value: T, name: string])[];
  readonly onChange: (value: T) => void;
}

function Choice<T extends string>(props: ChoiceProps<T>): ReactElement {
  const { label, note, isWide = false, value, options, onChange } = props;
  const id = useId();
  const choose = (chosen: string) => {
    const option = options.find(([known]) => known === chosen);
    if (option) onChange(option[0]);
  };
  return (
    <div className={isWide ? 'field field-wide' : 'field'}>
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="select"
        value={value}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        onChange={({ target }) => choose(target.value)}
      >
        {options.map(([known, name]) => (
          <option key={known} value={known}>
            {name}
          </option>
        ))}
      </select>
      <FieldNote id={`${id}-note`} text={note} />
    </div>
  );
}

interface FieldProps {
  readonly value: string;
  readonly problem?: string | undefined;
  readonly onChange: (value: string) => void;
}

function PathsField({ value, problem, onChange }: FieldProps): ReactElement {
  const id = useId();
  return (
    <div className="field field-wide">
      <label htmlFor={id}>Only these paths</label>
      <textarea
        id={id}
        className="input text-area"
        rows={2}
        spellCheck={false}
        placeholder="All files. Or patterns such as src/**, docs/*.md"
        value={value}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        onChange={({ target }) => onChange(target.value)}
      />
      <FieldProblem id={`${id}-problem`} text={problem} />
    </div>
  );
}

interface TextFieldProps extends FieldProps {
  readonly label: string;
  readonly note?: string;
  readonly type?: 'text' | 'datetime-local';
  readonly isWide?: boolean;
  readonly placeholder?: string;
}

function TextField(props: TextFieldProps): ReactElement {
  const { label, note, type = 'text', isWide = false, value, placeholder, problem, onChange } = props;
  const id = useId();
  return (
    <div className={isWide ? 'field field-wide' : 'field'}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={type}
        className="input"
        value={value}
        placeholder={placeholder}
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-note ${id}-problem`}
        onChange={({ target }) => onChange(target.value)}
      />
      <FieldNote id={`${id}-note`} text={note} />
      <FieldProblem id={`${id}-problem`} text={problem} />
    </div>
  );
}

function FieldNote({ id, text }: { readonly id: string; readonly text: string | undefined }): ReactElement | null {
  return text === undefined ? null : (
    <p className="form-note field-note" id={id}>
      {text}
    </p>
  );
}

function FieldProblem({ id, text }: { readonly id: string; readonly text: string | undefined }): ReactElement | null {
  if (text === undefined) return null;
  return (
    <p className="form-error" id={id} role="alert">
      {text}
    </p>
  );
}
