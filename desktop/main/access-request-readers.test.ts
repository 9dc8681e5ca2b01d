import { expect, it } from 'vitest';
import { ACCESS_READERS } from './access-request-readers.ts';

it.each([
  [
    'access:create-link',
    { role: 'viewer', label: 'x', expiresInSeconds: 60, maxUses: 1, needsApproval: true, paths: ['a'] },
  ],
  ['access:create-link', { role: 'editor' }],
  ['access:revoke', { kind: 'person', subject: 's' }],
  ['access:revoke', { kind: 'all' }],
  ['access:list-people', { after: undefined }],
  ['access:list-people', { after: '5.x' }],
  ['access:set-role', { subject: 's', role: undefined }],
  ['access:write-settings', { presenter: null, chat: 'editors' }],
  ['access:write-settings', { presenter: 's' }],
  ['access:write-settings', { chat: 'everyone' }],
  ['access:list-audit', { beforeSeq: 3, limit: 100 }],
  ['access:settle-proposal', { proposalId: 'p', state: 'applied' }],
  ['file:save', { suggestedName: 'my-edits.patch', content: new Uint8Array(3) }],
] as const)('%s takes %j', (channel, request) => {
  expect(ACCESS_READERS[channel](request)).toEqual({ request });
});

it.each([
  ['access:create-link', { role: 'owner' }],
  ['access:create-link', { role: 'editor', maxUses: 0 }],
  ['access:create-link', { role: 'editor', expiresInSeconds: 1.5 }],
  ['access:create-link', { role: 'editor', paths: [5] }],
  ['access:create-link', { role: 'editor', paths: [] }],
  ['access:create-link', { role: 'editor', needsApproval: 'yes' }],
  ['access:revoke', { kind: 'person' }],
  ['access:revoke', { kind: 'person', subject: '' }],
  ['access:revoke', { kind: 'everything' }],
  ['access:list-people', { after: 5 }],
  ['access:list-people', { after: 'x'.repeat(257) }],
  ['access:set-role', { subject: 's', role: 'king' }],
  ['access:write-settings', { presenter: 5, chat: 'editors' }],
  ['access:write-settings', { chat: 'nobody' }],
  ['access:write-settings', {}],
  ['access:decide-join-request', { requestId: 'r', decision: 'maybe' }],
  ['access:list-audit', { limit: 1_000_000 }],
  ['access:read-proposal', { proposalId: 'p'.repeat(1_000) }],
  ['access:list-links', 5],
  ['file:save', { suggestedName: '../evil', content: new Uint8Array(1) }],
  ['file:save', { suggestedName: 'a\nb', content: new Uint8Array(1) }],
  ['file:save', { suggestedName: 'a.txt', content: 'text' }],
] as const)('%s refuses %j', (channel, request) => {
  expect(ACCESS_READERS[channel](request)).toBeUndefined();
});
