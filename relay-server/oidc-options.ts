import { type Command, InvalidArgumentError, Option } from 'commander';
import { isRole, type Role, ROLES } from '../shared/access/index.ts';
import { parseRoleNames } from './access/oidc-person.ts';
import { OperatorError } from './data-folder.ts';

/** Whose tokens the relay takes for people's identities. */
export interface OidcSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly tenantClaim: string | undefined;
  readonly roleClaim: string;
  readonly roles: ReadonlyMap<string, Role>;
}

/** What {@link addOidcOptions} makes of the command line. */
export interface OidcOptionValues {
  readonly oidcIssuer?: string;
  readonly oidcAudience?: string;
  readonly oidcTenantClaim?: string;
  readonly oidcRoleClaim: string;
  readonly oidcRoles?: ReadonlyMap<string, Role>;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export function addOidcOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--oidc-issuer <url>', 'OpenID Connect provider whose people may come without a link')
        .env('TUTTI_OIDC_ISSUER')
        .argParser(parseIssuer),
    )
    .addOption(
      new Option('--oidc-audience <audience>', 'for whom its tokens must be: the client id or the API').env(
        'TUTTI_OIDC_AUDIENCE',
      ),
    )
    .addOption(
      new Option('--oidc-tenant-claim <claim>', 'says of which tenant a person is; without it all are of one').env(
        'TUTTI_OIDC_TENANT_CLAIM',
      ),
    )
    .addOption(
      new Option('--oidc-role-claim <claim>', 'says what a person may do; who has none is not let in')
        .env('TUTTI_OIDC_ROLE_CLAIM')
        .default('tutti_role'),
    )
    .addOption(
      new Option('--oidc-roles <mapping>', 'what its values mean, such as staff=owner,students=editor')
        .env('TUTTI_OIDC_ROLES')
        .argParser(parseRoles),
    );
}

/** Undefined when no provider is named. Throws {@link OperatorError} when something is missing. */
export function readOidcOptions(values: OidcOptionValues): OidcSettings | undefined {
  const { oidcIssuer: issuer, oidcAudience: audience, oidcTenantClaim: tenantClaim, oidcRoleClaim: roleClaim } = values;
  if (issuer === undefined) {
    if (audience === undefined && tenantClaim === undefined && values.oidcRoles === undefined) return undefined;
    throw new OperatorError('Options for OpenID Connect need the provider: name it with --oidc-issuer.');
  }
  if (!audience) throw new OperatorError('Say with --oidc-audience for whom the tokens of the provider are.');
  const roles = values.oidcRoles ?? new Map(ROLES.map((role) => [role, role]));
  return { issuer, audience, tenantClaim, roleClaim, roles };
}

/** Kept to the letter, since tokens have to name it so. */
function parseIssuer(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (!url || !isSafe || url.username || url.password || url.search || url.hash)
    throw new InvalidArgumentError('Give the address of the provider, such as https://login.example.org.');
  return value;
}

function parseRoles(value: string): ReadonlyMap<string, Role> {
  const roles = parseRoleNames(value, isRole);
  if (!roles) throw new InvalidArgumentError(`Give VALUE=ROLE,VALUE=ROLE with the roles ${ROLES.join(', ')}.`);
  return roles;
}
