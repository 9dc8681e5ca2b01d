import { join } from 'node:path';
import { type DisposableStore, systemScheduler } from '../shared/lifecycle/index.ts';
import { AccessWatch } from './access/access-watch.ts';
import { AddressLimits, type AddressLimitsOptions } from './access/address-limits.ts';
import { watchKeyFile } from './access/key-file-watch.ts';
import { LimitedDoorkeeper } from './access/limited-doorkeeper.ts';
import { OidcProvider } from './access/oidc-provider.ts';
import { OidcTokens } from './access/oidc-tokens.ts';
import { Proposals, type ProposalsOptions } from './access/proposals.ts';
import { IDENTITY_FILE, loadRelayIdentity, readRelayIdentity, type RelayIdentity } from './access/relay-identity.ts';
import type { Doorkeeper } from './access/room-grant.ts';
import { RoomDoorkeeper } from './access/room-doorkeeper.ts';
import { RoomManager } from './access/room-manager.ts';
import { ShareLinks } from './access/share-links.ts';
import { DEFAULT_TENANT, TokenAuthority } from './access/token-authority.ts';
import { VisitRecorder } from './access/visit-recorder.ts';
import type { BlobServices } from './blobs/index.ts';
import type { DataFolder } from './data-folder.ts';
import type { ApiServices } from './gateway/api/index.ts';
import { ChangeReader } from './history/change-reader.ts';
import type { ReadableLog } from './history/read-changes.ts';
import { RoomEvents, type RoomEventsOptions } from './history/room-events.ts';
import type { AccessKey } from './log/access-directory.ts';
import type { RelayStorage } from './log/relay-storage.ts';
import type { OidcSettings } from './oidc-options.ts';

export interface AccessServicesOptions {
  readonly data: DataFolder;
  /** Holds the key when it is not to be made and kept in the data folder. */
  readonly keyFile: string | undefined;
  readonly addressLimits: AddressLimitsOptions;
  /** Whose people may come without a link. */
  readonly oidc: OidcSettings | undefined;
  readonly reportProblem: (error: unknown) => void;
}

/** What the HTTP interface needs of the relay's rooms. */
export interface ApiCore
  extends
    Pick<ProposalsOptions, 'findFilePath'>,
    Pick<RoomEventsOptions, 'readFilePaths'>,
    Pick<ApiServices, 'connectedSubjects'> {
  /** The whole log, wherever its parts are. */
  readonly log: ReadableLog;
  /** Tells all nodes of a change. */
  announceAccess(key: AccessKey, version: number): void;
}

/** What decides who may do what. */
export interface AccessServices {
  readonly watch: AccessWatch;
  readonly doorkeeper: Doorkeeper;
  readonly visits: VisitRecorder;
  readonly limits: AddressLimits;
  /** What answers owners and those who trade links. */
  createApi(core: ApiCore, blobs: BlobServices, publicUrl: () => string): ApiServices;
}

/** Rejects with an `IdentityError`. The `watch` is the caller's to dispose; all else belongs to `owned`. */
export async function openAccessServices(
  options: AccessServicesOptions,
  { directory, access, events }: Pick<RelayStorage, 'directory' | 'access' | 'events'>,
  owned: DisposableStore,
): Promise<AccessServices> {
  const { reportProblem } = options;
  const scheduler = systemScheduler;
  const authority = new TokenAuthority(await loadIdentity(options), scheduler);
  owned.add(
    watchKeyFile({
      path: options.keyFile ?? join(options.data.path, IDENTITY_FILE),
      scheduler,
      load: () => loadIdentity(options),
      onIdentity: (identity) => authority.replaceIdentity(identity),
      reportProblem,
    }),
  );
  const watch = new AccessWatch({ directory: access, scheduler, reportProblem });
  const visits = owned.add(new VisitRecorder({ access, directory, scheduler, reportProblem }));
  const limits = new AddressLimits(options.addressLimits);
  const rooms = new RoomDoorkeeper(authority, directory, watch, (grant, why) => visits.refused(grant, why));
  const doorkeeper = new LimitedDoorkeeper(rooms, limits);
  const shared = { directory, access, authority, scheduler };
  const shareLinks = new ShareLinks(shared);
  const oidc = options.oidc && createOidcTokens(options.oidc, shared);
  return {
    watch,
    doorkeeper,
    visits,
    limits,
    createApi: (core, blobs, publicUrl) => ({
      ...shared,
      blobs,
      doorkeeper,
      shareLinks,
      manager: new RoomManager({
        access,
        shareLinks,
        scheduler,
        announce: (key, version) => core.announceAccess(key, version),
        findFilePath: core.findFilePath,
      }),
      proposals: new Proposals({ ...shared, findFilePath: core.findFilePath }),
      events: new RoomEvents({ events, scheduler, readFilePaths: core.readFilePaths }),
      changes: new ChangeReader(core.log),
      connectedSubjects: (key) => core.connectedSubjects(key),
      oidc,
      publicUrl,
    }),
  };
}

/** The relay's own key, or the one that all nodes were given. Rejects with an `IdentityError`. */
export function loadIdentity({
  data,
  keyFile,
}: Pick<AccessServicesOptions, 'data' | 'keyFile'>): Promise<RelayIdentity> {
  return keyFile === undefined ? loadRelayIdentity(data.path) : readRelayIdentity(keyFile);
}

function createOidcTokens(
  { issuer, audience, ...claims }: OidcSettings,
  services: Pick<ApiServices, 'directory' | 'access' | 'authority' | 'scheduler'>,
): OidcTokens {
  const provider = new OidcProvider({ issuer, audience, scheduler: services.scheduler });
  return new OidcTokens({ ...services, provider, claims: { ...claims, defaultTenant: DEFAULT_TENANT } });
}
