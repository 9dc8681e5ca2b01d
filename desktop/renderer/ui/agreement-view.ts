/** Whether an open file is the same with everybody who has it open. `names` are those of the others, as they call themselves. */
export type AgreementView =
  /** Not everything has come to rest. */
  | { readonly kind: 'waiting'; readonly names: readonly string[] }
  | { readonly kind: 'identical'; readonly names: readonly string[] }
  /** `isHere`: the window shows something else than this device has. */
  | { readonly kind: 'differs'; readonly names: readonly string[]; readonly isHere: boolean };

/** Whether two are the same for people. */
export function isSameAgreement(a: AgreementView | undefined, b: AgreementView | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
