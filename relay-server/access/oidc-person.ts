import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { isAtLeast, type Role } from '../../shared/access/index.ts';
import { cleanPersonName } from './person-name.ts';

/** Which claims of a provider's tokens say what. */
export interface OidcClaims {
  /** Undefined: everybody is of `tenant`. */
  readonly tenantClaim: string | undefined;
  readonly defaultTenant: string;
  /** Holds a text or a list of texts; dots lead into objects. */
  readonly roleClaim: string;
  /** What the texts mean. */
  readonly roles: ReadonlyMap<string, Role>;
}

export interface OidcPerson {
  readonly subject: string;
  readonly name: string;
  readonly tenant: string;
  readonly role: Role;
}

const TENANT = /^[A-Za-z0-9_-]{1,64}$/;
const PLAIN_SUBJECT = /^[!-~]{1,120}$/;
const UNNAMED = 'Guest';

/** Who a verified token is about; a text when it does not say what it has to. Nothing is granted by default. */
export function readOidcPerson(
  payload: JWTPayload & { readonly sub: string },
  claims: OidcClaims,
): OidcPerson | string {
  const { tenantClaim, defaultTenant, roleClaim, roles } = claims;
  const tenant = tenantClaim === undefined ? defaultTenant : readClaim(payload, tenantClaim);
  if (typeof tenant !== 'string' || !TENANT.test(tenant))
    return 'Your account belongs to no organisation of this relay. Ask whoever runs it.';
  const role = highest(toTexts(readClaim(payload, roleClaim)).flatMap((text) => roles.get(text) ?? []));
  if (role === undefined) return 'Your account has no role in Tutti. Ask whoever runs this relay.';
  return { subject: toSubject(payload.sub), name: readName(payload), tenant, role };
}

/** Reads options such as `staff=owner,students=editor`; undefined when it makes no sense. */
export function parseRoleNames(value: string, isRole: (text: string) => text is Role): Map<string, Role> | undefined {
  const roles = new Map<string, Role>();
  for (const pair of value.split(',')) {
    const [text = '', role = '', ...more] = pair.split('=').map((part) => part.trim());
    if (text === '' || !isRole(role) || more.length > 0) return undefined;
    roles.set(text, role);
  }
  return roles;
}

function readClaim(payload: JWTPayload, name: string): unknown {
  // Names that are addresses have dots of their own.
  if (Object.hasOwn(payload, name)) return payload[name];
  let value: unknown = payload;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

function toTexts(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((item) => typeof item === 'string');
}

function highest(roles: readonly Role[]): Role | undefined {
  return roles.reduce<Role | undefined>((best, role) => (best && isAtLeast(best, role) ? best : role), undefined);
}

/** Long and odd ones are told apart by a hash. */
function toSubject(sub: string): string {
  if (PLAIN_SUBJECT.test(sub)) return `oidc:${sub}`;
  return `oidc:sha256:${createHash('sha256').update(sub).digest('base64url')}`;
}

function readName(payload: JWTPayload): string {
  for (const claim of ['name', 'preferred_username', 'email']) {
    const value = payload[claim];
    const name = typeof value === 'string' ? cleanPersonName(value) : undefined;
    if (name !== undefined) return name;
  }
  return UNNAMED;
}
