/** Whether an open file is the same with everybody who has it open. `names` are those of the others, as they call themselves. */
export type AgreementView =
  /** Not everything has come to rest. `before`: what was found by the last comparison, if it was the same. */
  | { readonly kind: 'waiting'; readonly names: readonly string[]; readonly before: IdenticalView | undefined }
  | IdenticalView
  /** `isHere`: the window shows something else than this device has. */
  | { readonly kind: 'differs'; readonly names: readonly string[]; readonly isHere: boolean };

/** `missing`: others in the room, whose copies are not compared: they do not have it open, or do not answer. */
export interface IdenticalView {
  readonly kind: 'identical';
  readonly names: readonly string[];
  readonly missing: readonly string[];
}

/** What is said next: while people edit, what was found last is not forgotten. */
export function followAgreement(
  last: AgreementView | undefined,
  next: AgreementView | undefined,
): AgreementView | undefined {
  if (next?.kind !== 'waiting') return next;
  const before = last?.kind === 'waiting' ? last.before : last?.kind === 'identical' ? last : undefined;
  return { ...next, before };
}

/** Whether two are the same for people. */
export function isSameAgreement(a: AgreementView | undefined, b: AgreementView | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
