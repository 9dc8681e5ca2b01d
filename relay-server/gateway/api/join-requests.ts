import type { IncomingMessage } from 'node:http';
import { HttpError } from '../http-error.ts';
import { checkFields, invalid, readJsonObject } from '../json-body.ts';
import { type ApiAnswer, type ApiServices, DONE, type Owner } from './api-services.ts';

/** Those who wait for an owner to let them in. */
export async function listJoinRequests({ access, scheduler }: ApiServices, { key }: Owner): Promise<ApiAnswer> {
  const requests = await access.listJoinRequests(key, scheduler.now());
  return {
    status: 200,
    body: {
      requests: requests.map(({ requestId: id, linkId, name, createdAtMs }) => ({ id, linkId, name, createdAtMs })),
    },
  };
}

/** Lets somebody in, or not. */
export async function decideJoinRequest(
  { manager }: ApiServices,
  owner: Owner,
  requestId: string,
  request: IncomingMessage,
): Promise<ApiAnswer> {
  const body = await readJsonObject(request);
  checkFields(body, ['decision']);
  const { decision } = body;
  if (decision !== 'approved' && decision !== 'denied') throw invalid('decision', 'must be approved or denied');
  if (!(await manager.decideJoin(owner.key, owner.actor, requestId, decision)))
    throw new HttpError(404, 'not-found', 'Nobody waits with this request any more.');
  return DONE;
}
