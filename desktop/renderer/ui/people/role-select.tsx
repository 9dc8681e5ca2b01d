import type { ReactElement } from 'react';
import type { Role } from '../../../../shared/access/index.ts';
import { confirmMakeOwner, setRole } from '../access/access-actions.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { roleAbility, roleName } from './role-names.ts';

interface RoleSelectProps {
  readonly subject: string;
  /** The name, with what tells the person apart from others who have it. */
  readonly label: string;
  readonly role: Role;
  /** The person came by a link for some paths, and would see no more as an owner. */
  readonly isLimited: boolean;
}

/** The one that gives the most comes last: nobody shall choose it by a slip. */
const CHOICES: readonly Role[] = ['editor', 'commenter', 'viewer', 'owner'];

/** Gives somebody another role; it counts at once. To make somebody an owner has to be confirmed. */
export function RoleSelect({ subject, label, role, isLimited }: RoleSelectProps): ReactElement {
  const services = useServices();
  const choices = CHOICES.filter((choice) => choice !== 'owner' || role === 'owner' || !isLimited);
  const choose = (value: string) => {
    const next = choices.find((choice) => choice === value);
    if (next === undefined || next === role) return;
    if (next === 'owner') confirmMakeOwner(services, subject, label);
    else void setRole(services, { subject, label, role: next });
  };
  const why = isLimited ? '\nWho sees only some paths cannot be made an owner' : '';
  return (
    <select
      className="select role-select"
      aria-label={`Role of ${label}`}
      title={`${roleName(role)}: ${roleAbility(role, isLimited)}${why}`}
      value={role}
      onChange={({ target }) => choose(target.value)}
    >
      {choices.map((choice) => (
        <option key={choice} value={choice}>
          {choice === 'owner' && role !== 'owner' ? 'Owner…' : roleName(choice)}
        </option>
      ))}
    </select>
  );
}
