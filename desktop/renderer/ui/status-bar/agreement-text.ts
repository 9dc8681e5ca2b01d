import type { AgreementView } from '../agreement-view.ts';

/** How it is said whether a file is the same with everybody. */
export interface AgreementText {
  readonly label: string;
  readonly description: string;
  readonly icon: string;
}

/** Puts into words whether a file is the same with everybody who has it open, of `inRoom` who are in the room. */
export function agreementText(agreement: AgreementView, inRoom: number): AgreementText {
  const { kind, names } = agreement;
  const copies = names.length + 1;
  const isEverybody = copies >= inRoom;
  switch (kind) {
    case 'waiting':
      return {
        label: 'Comparing…',
        description: `The text is compared when everybody's edits have come to rest.\nAlso open with: ${names.join(', ')}`,
        icon: 'ellipsis',
      };
    case 'identical':
      return {
        label: isEverybody
          ? `Identical on ${copies === 2 ? 'both' : `all ${copies}`}`
          : `Identical on ${copies} devices`,
        description: `The text is the same here and with: ${names.join(', ')}${isEverybody ? '' : NOT_OPEN}`,
        icon: 'check',
      };
    case 'differs':
      return {
        label: agreement.isHere ? 'Differs in this window' : 'Differs',
        description: describeDifference(names, agreement.isHere),
        icon: 'warning',
      };
  }
}

const NOT_OPEN = '\nWith the others in the room the file is not open.';

function describeDifference(names: readonly string[], isHere: boolean): string {
  const where = isHere ? ['what this device has', ...names] : names;
  return `The text is not the same here and with: ${where.join(', ')}.\nPress to take the relay's text; yours is kept as a new file.`;
}
