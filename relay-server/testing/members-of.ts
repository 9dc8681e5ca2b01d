import type { AccessDirectory, AccessKey, MemberRecord } from '../log/access-directory.ts';

/** Every session of everybody who was in a small room. */
export async function membersOf(access: AccessDirectory, key: AccessKey): Promise<readonly MemberRecord[]> {
  const { people } = await access.listPeople(key, { limit: 1_000 });
  return people.flatMap(({ sessions }) => sessions);
}
