import type { AgreementView, IdenticalView } from '../agreement-view.ts';

/** How it is said whether a file is the same with everybody. */
export interface AgreementText {
  readonly label: string;
  /** It was so when it was looked at last, and is being looked at again. */
  readonly isStale: boolean;
  readonly description: string;
  readonly icon: string;
}

/** Puts into words whether a file is the same with everybody who has it open, of `inRoom` who are in the room. */
export function agreementText(agreement: AgreementView, inRoom: number): AgreementText {
  const { kind, names } = agreement;
  switch (kind) {
    case 'waiting':
      return {
        label: agreement.before ? `${identicalLabel(agreement.before, inRoom)} …` : 'Comparing…',
        isStale: true,
        description: `The text is compared when everybody's edits have come to rest${agreement.before ? '. It was the same when it was compared last' : ''}.\nAlso open with: ${names.join(', ')}`,
        icon: 'ellipsis',
      };
    case 'identical':
      return {
        label: identicalLabel(agreement, inRoom),
        isStale: false,
        description: `The text is the same here and with: ${names.join(', ')}${describeMissing(agreement)}`,
        icon: 'check',
      };
    case 'differs':
      return {
        label: agreement.isHere ? 'Differs in this window' : 'Differs',
        isStale: false,
        description: describeDifference(names, agreement.isHere),
        icon: 'warning',
      };
  }
}

function identicalLabel({ names }: IdenticalView, inRoom: number): string {
  const copies = names.length + 1;
  if (copies < inRoom) return `Identical on ${copies} of ${inRoom} devices`;
  return `Identical on ${copies === 2 ? 'both' : `all ${copies}`}`;
}

function describeMissing({ missing }: IdenticalView): string {
  if (missing.length === 0) return '';
  const verbs = missing.length === 1 ? 'does not have the file open, or does' : 'do not have the file open, or do';
  return `\nNot compared: ${missing.join(', ')}, who ${verbs} not answer.`;
}

function describeDifference(names: readonly string[], isHere: boolean): string {
  const where = isHere ? ['what this device has', ...names] : names;
  return `The text is not the same here and with: ${where.join(', ')}.\nPress to take the relay's text; yours is kept as a new file.`;
}
