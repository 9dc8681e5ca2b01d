import { beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { RenderedWorkbench } from './index.ts';
import { createLink, createPerson, STANDING } from './testing/fake-access.ts';
import type { FakeWorkbench } from './testing/fake-workbench.ts';
import { contrastOf, showWorkbench } from './testing/shown-workbench.ts';

let fake: FakeWorkbench;
let workbench: RenderedWorkbench;

beforeEach(async () => {
  ({ fake, workbench } = await showWorkbench());
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

  it('says at its field what is wrong with a path, in the words of whoever types it', async () => {
    workbench.commands.run('room.invite');
    const paths = page.getByLabelText('Only these paths');
    await userEvent.fill(paths, 'src/**, ../secret');
    await userEvent.click(page.getByRole('button', { name: 'Create and Copy Link' }));
    await expect.element(paths).toHaveAccessibleDescription('“../secret” leads out of a folder: leave out “..”.');
    await expect.element(paths).toHaveAttribute('aria-invalid', 'true');
    expect(fake.calls.some((call) => call.startsWith('createLink'))).toBe(false);
  });

  it('says what a role may do with those paths, and what becomes of whoever is inside', async () => {
    workbench.commands.run('room.invite');
    const role = page.getByLabelText('Whoever has the link');
    await expect.element(role).toMatchTextContent(/^can edit all files \(Editor\)/);
    await userEvent.fill(page.getByLabelText('Only these paths'), 'src/**');
    await expect.element(role).toMatchTextContent(/^can edit these files alone \(Editor\)/);
    await userEvent.fill(page.getByLabelText('Only these paths'), ' , ');
    await expect.element(role).toMatchTextContent(/^can edit all files/);
    await expect
      .element(page.getByLabelText('Expires'))
      .toHaveAccessibleDescription('People can join until then. Whoever is inside stays.');
  });

  it('keeps a label that turns text around from turning around what is beside it', async () => {
    fake.access.setOverview({ links: [createLink('l', { label: '\u05d0\u202eLabel', needsApproval: true })] });
    workbench.commands.run('room.invite');
    const row = page.getByRole('dialog').getByRole('listitem');
    await expect.element(row).toBeVisible();
    const badges = row.element().querySelectorAll('.role-badge');
    const [role, approval] = [...badges].map((badge) => badge.getBoundingClientRect().left);
    const name = row.element().querySelector('bdi');
    expect(name?.getBoundingClientRect().right).toBeLessThan(role ?? 0);
    expect(role).toBeLessThan(approval ?? 0);
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

describe('self', () => {
  it('is told the role, who presents, and that access was taken back', async () => {
    fake.access.canManage.set(false);
    fake.access.standing.set({ ...STANDING, role: 'viewer', explanation: 'An owner of the room made you a viewer.' });
    await expect.element(page.getByTestId('own-role')).toMatchTextContent(/^Viewer$/);
    fake.access.standing.set({ ...STANDING, isWatching: true, presenterName: 'Ana' });
    await expect.element(page.getByTestId('own-role')).not.toBeInTheDocument();
    await expect.element(page.getByTestId('presenting')).toMatchTextContent(/^Presenting: Ana$/);
    fake.access.loss.set({ explanation: 'Your access was taken back.', edits: 'One file was sent.', hasUnsent: true });
    await expect.element(page.getByRole('button', { name: 'Join with a Link…' })).toBeVisible();
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

describe('whoever is no owner', () => {
  const hints = () => [...document.querySelectorAll('.watermark-action')].map((hint) => hint.textContent);

  it('is offered nothing that is for owners or for those who may write', async () => {
    await expect
      .poll(hints)
      .toEqual(['Go to File', 'Command Palette', 'Invite and Share Links', 'New File', 'Toggle Side Bar']);
    fake.access.canManage.set(false);
    await expect.poll(hints).toEqual(['Go to File', 'Command Palette', 'New File', 'Toggle Side Bar']);
    fake.open(['a.ts'], { lockReason: 'You are here as a viewer.' });
    await expect.poll(hints).toEqual(['Go to File', 'Command Palette', 'Toggle Side Bar']);
    workbench.openFile('f0');
    fake.setFileState('f0', { readOnlyReason: 'You are here as a viewer.' });
    await expect.element(page.getByLabelText('Text of f0')).toHaveFocus();
    await userEvent.keyboard('{F1}');
    const options = () => [...document.querySelectorAll('[role=option]')].map((option) => option.textContent ?? '');
    await expect.poll(options).toContainEqual(expect.stringMatching(/^Edit: Find/));
    const forbidden = /Invite|New F|Rename|Delete|Proposals|Access Log|Present|Remove|Undo|Redo|Replace/;
    expect(options().filter((option) => forbidden.test(option))).toEqual([]);
    await userEvent.keyboard('{Escape}');
    await expect
      .element(page.getByRole('contentinfo').getByRole('button', { name: 'tutti-demo' }))
      .not.toBeInTheDocument();
  });

  it("is told when the system's menu asks for what they may not do", async () => {
    fake.access.canManage.set(false);
    workbench.runCommand('room.invite');
    await expect.element(page.getByText('Not possible now: Invite and Share Links…')).toBeVisible();
    await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
  });
});

it.each(['dark', 'light'] as const)('what can be pressed in a status bar that warns is readable, %s', async (theme) => {
  workbench.commands.run(`theme.${theme}`);
  fake.connectionState.set({ kind: 'ended', sinceMs: 0, closeCode: 4401, explanation: 'It has run out.' });
  const retry = page.getByRole('button', { name: 'Try now' });
  await expect.element(retry).toBeVisible();
  const colors = [contrastOf(retry.element())];
  await userEvent.hover(retry);
  colors.push(contrastOf(retry.element()));
  retry.element().focus();
  colors.push(contrastOf(retry.element()));
  fake.connectionState.set({
    kind: 'reconnecting',
    sinceMs: 0,
    nextTryAtMs: 0,
    attempt: 1,
    explanation: 'It is away.',
  });
  fake.connectionDelay.set('no-connection');
  await expect.element(page.getByTestId('connection')).toMatchTextContent(/^Offline/);
  colors.push(contrastOf(retry.element()));
  for (const contrast of colors) expect(contrast).toBeGreaterThan(4.5);
});

it('shows that a page which was opened again waits for an owner', async () => {
  fake.approvalNotice.set('An owner of the room has to let you in.');
  await expect.element(page.getByRole('dialog')).toMatchTextContent(/has to let you in/);
  await userEvent.keyboard('{Escape}');
  expect(fake.calls).toContain('cancelJoin');
});
