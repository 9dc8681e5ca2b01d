import type { ReactElement } from 'react';
import { type Role, ROLES } from '../../../../shared/access/index.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { roleAbility, roleName } from './role-names.ts';

interface RoleSelectProps {
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
}

/** Gives somebody another role; it counts at once. */
export function RoleSelect({ subject, name, role }: RoleSelectProps): ReactElement {
  const { model, state } = useServices();
  const choose = async (value: string) => {
    const next = ROLES.find((known) => known === value);
    if (next === undefined || next === role) return;
    state.reportOutcome(`The role of ${name} was not changed.`, await model.access.setRole(subject, next));
  };
  return (
    <select
      className="select role-select"
      aria-label={`Role of ${name}`}
      title={`${name} ${roleAbility(role)}`}
      value={role}
      onChange={({ target }) => void choose(target.value)}
    >
      {ROLES.map((known) => (
        <option key={known} value={known}>
          {roleName(known)}
        </option>
      ))}
    </select>
  );
}
