import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { type RenderedWorkbench, renderWorkbench } from './index.ts';
import { createLink, createPerson } from './testing/fake-access.ts';
import { createParticipant, FakeWorkbench } from './testing/fake-workbench.ts';

const STANDING = {
  subject: 'me',
  role: 'editor',
  isWatching: false,
  explanation: '',
  presenterName: undefined,
  isPresenting: false,
} as const;
const PROPOSAL = {
  proposalId: 'p1',
  subject: 'ben',
  name: 'Ben',
  document: 'f0',
  createdAtMs: 0,
  bytes: 10,
  subjectOfChange: 'a.ts',
};

let fake: FakeWorkbench;
let element: HTMLDivElement;
let workbench: RenderedWorkbench;

beforeEach(async () => {
  await page.viewport(1280, 800);
  fake = new FakeWorkbench(new ManualScheduler());
  element = document.createElement('div');
  element.style.cssText = 'position:fixed;inset:0';
  document.body.append(element);
  workbench = renderWorkbench(element, fake.model);
  await expect.element(page.getByRole('contentinfo')).toBeVisible();
  fake.open(['a.ts']);
});

afterEach(() => {
  workbench.dispose();
  element.remove();
});

describe('share dialog', () => {
  it('makes the link that was asked for, and shows it when the clipboard refused', async () => {
    fake.access.clipboard = { ok: false, explanation: 'no clipboard' };
    workbench.commands.run('room.invite');
    const dialog = page.getByRole('dialog', { name: 'Share this room' });
    await userEvent.selectOptions(dialog.getByLabelText('Whoever has the link'), 'viewer');
    await userEvent.selectOptions(dialog.getByLabelText('Expires'), '1h');
    await userEvent.fill(dialog.getByLabelText('Number of uses'), '2');
    await userEvent.fill(dialog.getByLabelText('Label'), 'Guests');
    await userEvent.fill(dialog.getByLabelText('Only these paths'), 'src/**\ndocs/**');
    await userEvent.click(dialog.getByLabelText('An owner lets each person in'));
    await userEvent.click(dialog.getByRole('button', { name: 'Create and Copy Link' }));
    await expect.element(dialog.getByLabelText('Share link')).toHaveValue('https://relay.example/join/room#secret');
    await expect.element(dialog.getByText(/Copy this link by hand:/)).toBeVisible();
    const paths = ['src/**', 'docs/**'];
    const link = { role: 'viewer', label: 'Guests', expiresInSeconds: 3600, maxUses: 2, needsApproval: true, paths };
    expect(fake.calls).toContain(`createLink ${JSON.stringify(link)}`);
  });

  it('says what is wrong with a field, and why the relay refused', async () => {
    workbench.commands.run('room.invite');
    const create = page.getByRole('button', { name: 'Create and Copy Link' });
    await userEvent.fill(page.getByLabelText('Number of uses'), 'many');
    await userEvent.click(create);
    await expect.element(page.getByText(/whole number from 1/)).toBeVisible();
    await userEvent.fill(page.getByLabelText('Number of uses'), '');
    fake.nextOutcome = { ok: false, explanation: 'Only an owner of the room can do this.' };
    await userEvent.click(create);
    await expect.element(page.getByText('Only an owner of the room can do this.')).toBeVisible();
  });

  it('lists links with what can be done, and says who goes before one is revoked', async () => {
    fake.access.setOverview({
      links: [
        createLink('mine'),
        createLink('elsewhere', { isCopyable: false }),
        createLink('old', { revokedAtMs: 0 }),
      ],
      people: [createPerson('Ben', { linkId: 'mine' }), createPerson('Cleo', { linkId: 'elsewhere' })],
    });
    workbench.commands.run('room.invite');
    await userEvent.click(page.getByRole('button', { name: 'Copy mine', exact: true }));
    expect(fake.calls).toContain('copyLink mine url');
    await expect.element(page.getByText(/only the device that made it can copy it/)).toBeVisible();
    await expect.element(page.getByRole('button', { name: 'Revoke old…' })).not.toBeInTheDocument();
    await userEvent.click(page.getByRole('button', { name: 'Revoke mine…' }));
    const confirmation = page.getByRole('alertdialog');
    await expect.element(confirmation).toMatchTextContent(/Ben came by it and will be out at once/);
    await userEvent.click(confirmation.getByRole('button', { name: 'Revoke', exact: true }));
    await vi.waitFor(() => expect(fake.calls).toContain('revoke {"kind":"link","linkId":"mine"}'));
    await expect.element(page.getByRole('dialog', { name: 'Share this room' })).toBeVisible();
  });

  it('has nothing to offer to those who are no owners, and says when the relay is away', async () => {
    fake.access.overview.set({ kind: 'failed', explanation: 'The relay cannot be reached.', overview: undefined });
    workbench.commands.run('room.invite');
    await expect.element(page.getByRole('dialog').getByText(/cannot be reached/)).toBeVisible();
    fake.access.canManage.set(false);
    await expect.element(page.getByText(/You may not invite others/)).toBeVisible();
    await expect.element(page.getByRole('button', { name: 'Create and Copy Link' })).not.toBeInTheDocument();
  });
});

describe('people', () => {
  beforeEach(() => {
    fake.participants.set([createParticipant('Ana', { isSelf: true, role: 'owner' }), createParticipant('Ben')]);
    fake.access.setOverview({
      people: [
        createPerson('Ana'),
        createPerson('Ben'),
        createPerson('Dora'),
        createPerson('Emil', { isRevoked: true }),
      ],
      requests: [{ requestId: 'r1', linkId: 'l', name: 'Cleo', createdAtMs: 0 }],
    });
    workbench.commands.run('view.people');
  });

  it('lets in who asks, gives roles, and ends a session', async () => {
    await expect.element(page.getByRole('button', { name: 'People, 1 asking to join' })).toBeVisible();
    await userEvent.click(page.getByRole('button', { name: 'Let in Cleo' }));
    expect(fake.calls).toContain('decide r1 approved');
    await userEvent.selectOptions(page.getByLabelText('Role of Ben'), 'commenter');
    expect(fake.calls).toContain('setRole Ben commenter');
    await expect.element(page.getByLabelText('Role of Ana')).not.toBeInTheDocument();
    await userEvent.click(page.getByRole('button', { name: 'More actions for Ben' }));
    await userEvent.click(page.getByRole('menuitem', { name: 'End This Session…' }));
    await userEvent.click(page.getByRole('button', { name: 'End Session', exact: true }));
    await vi.waitFor(() => expect(fake.calls).toContain('revoke {"kind":"session","sessionId":"session of Ben"}'));
  });

  it('says what removing means before it is done, and shows who was removed', async () => {
    const absent = page.getByRole('list', { name: 'Were here' });
    await expect.element(absent).toMatchTextContent(/Dora.*Emil.*Removed/);
    await userEvent.click(page.getByRole('button', { name: 'More actions for Dora' }));
    await userEvent.click(page.getByRole('menuitem', { name: 'Remove…' }));
    await expect
      .element(page.getByRole('alertdialog'))
      .toMatchTextContent(/out at once.*nobody new can join by the link/);
    fake.nextOutcome = { ok: false, explanation: 'You cannot take back your own access.' };
    await userEvent.click(page.getByRole('button', { name: 'Remove', exact: true }));
    await expect.element(page.getByText('You cannot take back your own access.')).toBeVisible();
    expect(fake.calls).toContain('revoke {"kind":"person","subject":"Dora"}');
  });

  it('lets an owner present with one press, and everybody edit again with another', async () => {
    fake.access.standing.set({ ...STANDING, role: 'owner' });
    await userEvent.click(page.getByRole('button', { name: 'Present', exact: true }));
    expect(fake.calls).toContain('writeSettings {"presenter":"me"}');
    fake.access.standing.set({ ...STANDING, role: 'owner', isPresenting: true, presenterName: 'Ana' });
    await expect.element(page.getByTestId('presenting')).toMatchTextContent(/You are presenting/);
    await userEvent.click(page.getByRole('button', { name: 'Stop Presenting' }));
    expect(fake.calls).toContain('writeSettings {}');
  });

  it('shows nothing of that to those who are no owners', async () => {
    fake.access.canManage.set(false);
    fake.access.overview.set({ kind: 'none' });
    await expect.element(page.getByText('Ben', { exact: true })).toBeVisible();
    for (const name of ['Invite…', 'More actions for Ben', 'Present', 'Proposals']) {
      await expect.element(page.getByRole('button', { name, exact: true })).not.toBeInTheDocument();
    }
  });
});

describe('self', () => {
  it('is told the role, who presents, and that access was taken back', async () => {
    fake.access.canManage.set(false);
    fake.access.standing.set({ ...STANDING, role: 'viewer', explanation: 'An owner of the room made you a viewer.' });
    await expect.element(page.getByTestId('own-role')).toMatchTextContent(/^Viewer$/);
    fake.access.standing.set({ ...STANDING, isWatching: true, presenterName: 'Ana' });
    await expect.element(page.getByTestId('own-role')).not.toBeInTheDocument();
    await expect.element(page.getByTestId('presenting')).toMatchTextContent(/^Presenting: Ana$/);
    fake.access.loss.set({ explanation: 'Your access was taken back.', edits: 'One file was sent.', hasUnsent: true });
    await expect.element(page.getByText(/^Your access was taken back\./)).toBeVisible();
    await expect.element(page.getByText('One file was sent.')).toBeVisible();
    await userEvent.click(page.getByRole('button', { name: 'Export My Edits as a Patch…' }));
    await userEvent.click(page.getByRole('button', { name: 'Save a Copy of the Files…' }));
    expect(fake.calls).toEqual(expect.arrayContaining(['exportUnsent', 'exportFiles']));
  });

  it('waits for an owner, and can give up', async () => {
    let resolve = (): void => {};
    const promise = new Promise<void>((done) => (resolve = done));
    const join = fake.model.workspace.joinLink;
    vi.spyOn(fake.model.workspace, 'joinLink').mockImplementation(async (link, name) => {
      await promise;
      return join(link, name);
    });
    fake.displayName.set('Ben');
    fake.nextOutcome = { ok: false, explanation: 'You do not wait any longer.' };
    const link = 'https://relay.example/join/room#0123456789abcdef';
    fake.pendingJoin.set({ link, room: 'room', roomName: undefined, relayHost: 'relay.example' });
    await userEvent.click(page.getByRole('button', { name: 'Join', exact: true }));
    fake.approvalNotice.set('An owner of the room has to let you in.');
    await expect.element(page.getByRole('dialog', { name: 'Waiting for an owner to let you in…' })).toBeVisible();
    await userEvent.click(page.getByRole('button', { name: 'Cancel' }));
    expect(fake.calls).toContain('cancelJoin');
    fake.approvalNotice.set(undefined);
    resolve();
    await expect.element(page.getByRole('button', { name: 'Join', exact: true })).toBeEnabled();
    await expect.element(page.getByText('You do not wait any longer.')).not.toBeInTheDocument();
  });
});

it('shows that a page which was opened again waits for an owner', async () => {
  fake.approvalNotice.set('An owner of the room has to let you in.');
  await expect.element(page.getByRole('dialog')).toMatchTextContent(/has to let you in/);
  await userEvent.keyboard('{Escape}');
  expect(fake.calls).toContain('cancelJoin');
});

describe('proposals and the access log', () => {
  it('shows what a proposal changes, applies it, and asks before it drops one', async () => {
    fake.access.setOverview({ proposals: [PROPOSAL, { ...PROPOSAL, proposalId: 'p2', name: 'Dora' }] });
    await userEvent.click(page.getByRole('button', { name: 'Proposals, 2 to look at' }));
    await userEvent.click(page.getByRole('button', { name: /Ben/ }));
    const proposal = page.getByRole('region', { name: 'Proposal of Ben' });
    await expect.element(proposal).toMatchTextContent(/one\s*→ two/);
    await userEvent.click(proposal.getByRole('button', { name: 'Apply' }));
    await expect.element(proposal).not.toBeInTheDocument();
    expect(fake.calls).toContain('apply p1');
    await userEvent.click(page.getByRole('button', { name: /Dora/ }));
    await userEvent.click(page.getByRole('button', { name: 'Drop…' }));
    await userEvent.click(page.getByRole('alertdialog').getByRole('button', { name: 'Drop' }));
    await vi.waitFor(() => expect(fake.calls).toContain('drop p2'));
  });

  it('shows the log page by page, newest first, and exports it', async () => {
    fake.access.audit = Array.from({ length: 150 }, (_, index) => {
      const seq = 150 - index;
      const about = { actor: 'ana', actorName: 'Ana', target: '', detail: `number ${seq}` };
      return { seq, atMs: 0, kind: seq === 150 ? 'of-a-later-relay' : 'link-created', ...about };
    });
    workbench.commands.run('access.audit');
    await expect.element(page.getByText('of-a-later-relay: number 150')).toBeVisible();
    await expect.element(page.getByText('Made a link: number 51')).toBeInTheDocument();
    expect(document.querySelectorAll('.audit-table tbody tr')).toHaveLength(100);
    await userEvent.click(page.getByRole('button', { name: 'Load More' }));
    await expect.element(page.getByText('Made a link: number 1', { exact: true })).toBeInTheDocument();
    expect(fake.calls).toContain('listAudit 51');
    await userEvent.click(page.getByRole('button', { name: 'Export…' }));
    expect(fake.calls).toContain('exportAudit');
  });
});
