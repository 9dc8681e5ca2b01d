import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import type { RenderedWorkbench } from './index.ts';
import { createParticipant, FakeWorkbench } from './testing/fake-workbench.ts';
import { overlap, showWorkbench } from './testing/shown-workbench.ts';
import { MESSAGE_SHOWN_MS } from './workbench/workbench-state.ts';

const LINK = 'https://relay.example/join/room#0123456789abcdef';

let scheduler: ManualScheduler;
let fake: FakeWorkbench;
let workbench: RenderedWorkbench;

beforeEach(async () => {
  ({ fake, scheduler, workbench } = await showWorkbench({ files: [] }));
});

describe('status bar', () => {
  it('counts down to the next try, offers one now, and says offline only when the sign is shown', async () => {
    fake.open(['a.ts']);
    const connection = page.getByTestId('connection');
    await expect.element(connection).toMatchTextContent(/Online/);
    fake.connectionState.set({
      kind: 'reconnecting',
      sinceMs: scheduler.elapsedMs(),
      nextTryAtMs: scheduler.elapsedMs() + 8_000,
      attempt: 2,
      explanation: 'The relay cannot be reached.',
    });
    await expect.element(connection).toMatchTextContent(/Reconnecting: next try in 8 s/);
    scheduler.advance(3_000);
    await expect.element(connection).toMatchTextContent(/Reconnecting: next try in 5 s/);
    fake.connectionDelay.set('no-connection');
    await expect.element(connection).toMatchTextContent(/Offline: next try in 5 s/);
    await expect.element(page.getByText(/Offline\. Your edits are kept on this device/)).toBeInTheDocument();
    await userEvent.click(page.getByText(/Try now/));
    expect(fake.calls).toContain('retryNow');
  });

  it('shows a failure with its actions until somebody dismisses it', async () => {
    let tries = 0;
    fake.notifications.set([
      {
        id: 'full',
        severity: 'error',
        title: 'The disk is full.',
        detail: 'Make room and try again.',
        actions: [{ label: 'Try Again', run: () => void tries++ }],
      },
    ]);
    await expect.element(page.getByRole('alert')).toMatchTextContent(/The disk is full\./);
    await userEvent.click(page.getByRole('button', { name: 'Try Again' }));
    await expect.element(page.getByText(/The disk is full\./)).not.toBeInTheDocument();
    expect(tries).toBe(1);
  });

  it('hides what is only for information after a while, but keeps it in the list', async () => {
    fake.notifications.set([{ id: 'a', severity: 'info', title: 'Merged 3 edits.', detail: undefined, actions: [] }]);
    await expect.element(page.getByText(/Merged 3 edits\./)).toBeVisible();
    scheduler.advance(10_000);
    await expect.element(page.getByText(/Merged 3 edits\./)).not.toBeInTheDocument();
    await userEvent.click(page.getByRole('button', { name: 'Notifications: 1' }));
    await expect.element(page.getByText(/Merged 3 edits\./)).toBeVisible();
    // What stood in the list does not come again when that is closed.
    await userEvent.click(page.getByRole('button', { name: 'Hide Notifications' }));
    await expect.element(page.getByText(/Merged 3 edits\./)).not.toBeInTheDocument();
    fake.notifications.set([{ id: 'a', severity: 'info', title: 'Merged 4 edits.', detail: undefined, actions: [] }]);
    await expect.element(page.getByText(/Merged 4 edits\./)).toBeVisible();
  });

  it('hides it no sooner while somebody points at it or has the focus in it', async () => {
    const actions = [{ label: 'Review', run: () => undefined }];
    fake.notifications.set([{ id: 'a', severity: 'info', title: 'Two files.', detail: undefined, actions }]);
    const title = page.getByText('Two files.');
    await userEvent.hover(title);
    scheduler.advance(60_000);
    await expect.element(title).toBeVisible();
    await userEvent.hover(page.getByRole('contentinfo'));
    page.getByRole('button', { name: 'Review' }).element().focus();
    await expect.element(page.getByRole('button', { name: 'Review' })).toHaveFocus();
    scheduler.advance(60_000);
    await expect.element(title).toBeVisible();
    page.getByRole('button', { name: 'Review' }).element().blur();
    await expect.poll(() => (scheduler.advance(10_000), title.query())).toBeNull();
    await expect.element(page.getByRole('button', { name: 'Notifications: 1' })).toBeVisible();
  });

  it('shows at most three, and none of what the person was told before', async () => {
    const item = (id: string) =>
      ({ id, severity: 'warning', title: `Number ${id}.`, detail: undefined, actions: [] }) as const;
    fake.notifications.set([...['1', '2', '3', '4'].map(item), { ...item('5'), isQuiet: true }]);
    const toasts = page.getByRole('region', { name: 'Notifications' });
    await expect.element(toasts).toMatchTextContent(/^Number 2\.Number 3\.Number 4\.$/);
    const retry = [{ label: 'Try Again', run: () => undefined }];
    fake.notifications.set([{ ...item('0'), severity: 'error', actions: retry }, ...['2', '3', '4'].map(item)]);
    await expect.element(toasts).toMatchTextContent(/^Number 0\.Try AgainNumber 3\.Number 4\.$/);
    // What was pushed out stays in the list.
    fake.notifications.set([item('1'), item('2'), { ...item('5'), isQuiet: true }]);
    await expect.element(toasts).toMatchTextContent(/^Number 1\.$/);
    await expect.element(page.getByRole('button', { name: 'Notifications: 3' })).toBeVisible();
  });

  it('leaves the row of what has the focus free', async () => {
    const field = document.createElement('input');
    Object.assign(field.style, { position: 'fixed', right: '40px', bottom: '60px', height: '22px' });
    document.body.append(field);
    onTestFinished(() => field.remove());
    fake.notifications.set([{ id: 'a', severity: 'error', title: 'Full.', detail: undefined, actions: [] }]);
    const toast = () => page.getByText('Full.').element().closest('.notification')?.getBoundingClientRect();
    await expect.element(page.getByText('Full.')).toBeVisible();
    const before = toast()?.bottom ?? 0;
    expect(before).toBeGreaterThan(field.getBoundingClientRect().top);
    field.focus();
    await expect.poll(() => toast()?.bottom).toBeLessThan(field.getBoundingClientRect().top);
    field.blur();
    page
      .getByRole('button', { name: /^Notifications/ })
      .element()
      .focus();
    await expect.poll(() => toast()?.bottom).toBe(before);
  });
});

describe('saving', () => {
  it('answers the key for it for a moment', async () => {
    fake.open(['a.ts']);
    await expect.element(page.getByRole('treeitem')).toBeVisible();
    workbench.openFile('f0');
    await expect.element(page.getByLabelText('Text of f0')).toHaveFocus();
    await userEvent.keyboard('{Control>}s{/Control}');
    await expect.element(page.getByText('Saved as you type')).toBeVisible();
    scheduler.advance(MESSAGE_SHOWN_MS);
    await expect.element(page.getByText('Saved as you type')).not.toBeInTheDocument();
    fake.setFileState('f0', { saveState: { kind: 'refused', explanation: 'You may only read.' } });
    await userEvent.keyboard('{Control>}s{/Control}');
    await expect.element(page.getByText(/were not accepted: You may only read\./).first()).toBeVisible();
  });
});

describe('quick input', () => {
  it('lists what was run last first, then by name, with the keys of what others handle', async () => {
    fake.open(['a.ts']);
    await expect.element(page.getByRole('treeitem')).toBeVisible();
    workbench.openFile('f0');
    await expect.element(page.getByLabelText('Text of f0')).toHaveFocus();
    const shown = () => [...document.querySelectorAll('[role="option"]')].map((row) => row.textContent);
    const open = () => userEvent.keyboard('{Control>}{Shift>}P{/Shift}{/Control}');
    await open();
    await vi.waitFor(() => expect(shown()[0]).toMatch(/^Comments: Add Comment.*Ctrl\+Alt\+C/));
    expect(shown().some((row) => /^Edit: Undo.*Ctrl\+Z/.test(row))).toBe(true);
    await userEvent.keyboard('undo{Enter}');
    await vi.waitFor(() => expect(fake.calls).toContain('editor undo'));
    await open();
    await vi.waitFor(() => expect(shown()[0]).toMatch(/^Edit: Undo/));
    expect(shown()[1]).toMatch(/^Comments: Add Comment/);
    await userEvent.keyboard('{Escape}');
  });

  it('runs a command that is found by a few letters', async () => {
    fake.open(['a.ts']);
    await userEvent.keyboard('{Control>}{Shift>}P{/Shift}{/Control}');
    await expect.element(page.getByRole('combobox')).toHaveFocus();
    await userEvent.keyboard('invite and');
    await expect
      .element(page.getByRole('option', { selected: true }))
      .toMatchTextContent(/Room: Invite and Share Links…/);
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('dialog', { name: 'Share this room' })).toBeVisible();
  });

  it('opens a file by name, and says when there is none', async () => {
    fake.open(['src/index.ts', 'src/other.ts']);
    await userEvent.keyboard('{Control>}p{/Control}');
    await userEvent.keyboard('nothing');
    await expect.element(page.getByText(/No matching files/)).toBeVisible();
    await userEvent.fill(page.getByRole('combobox'), 'oth');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByLabelText('Text of f1')).toHaveFocus();
  });
});

describe('joining', () => {
  it('explains a damaged link inline and joins with a good one', async () => {
    workbench.commands.run('room.join');
    const link = page.getByLabelText('Link', { exact: true });
    await userEvent.fill(link, 'https://relay.example/join/room');
    await expect.element(page.getByRole('alert')).toMatchTextContent(/missing or damaged/);
    await userEvent.fill(page.getByLabelText('Your name'), 'Ana');
    await expect.element(page.getByRole('button', { name: 'Join', exact: true })).toBeDisabled();
    await userEvent.fill(link, LINK);
    fake.nextOutcome = { ok: false, explanation: 'The link was revoked. Ask for a new one.' };
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByText(/The link was revoked\. Ask for a new one\./)).toBeVisible();
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
    expect(fake.calls).toContain(`joinLink ${LINK} Ana`);
  });

  it('asks before it follows a link from outside, and names room and relay', async () => {
    fake.displayName.set('Ana');
    fake.pendingJoin.set({ link: LINK, room: 'room', roomName: 'tutti-demo', relayHost: 'relay.example' });
    await expect
      .element(page.getByRole('dialog'))
      .toMatchTextContent(/the room tutti-demo on the relay relay\.example/);
    await userEvent.click(page.getByRole('button', { name: 'Do Not Join' }));
    await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
    expect(fake.calls.some((call) => call.startsWith('joinLink'))).toBe(false);
  });

  it('says what is wrong with a link from outside, and lets it be put right', async () => {
    fake.displayName.set('Ana');
    fake.pendingJoin.set({ link: 'notalink', room: '', roomName: undefined, relayHost: '' });
    const dialog = page.getByRole('dialog', { name: 'Join a room' });
    await expect.element(dialog).toMatchTextContent(/opened with a link that does not work/);
    await expect.element(page.getByRole('alert')).toMatchTextContent(/This is not a Tutti link/);
    const link = page.getByLabelText('Link', { exact: true });
    await expect.element(link).toHaveValue('notalink');
    await userEvent.fill(link, LINK);
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
    expect(fake.calls).toContain(`joinLink ${LINK} Ana`);
  });

  it('tells of a room that self has not been in, and of the folder that is to mirror it', async () => {
    const room = { link: LINK, room: 'r00m', roomName: undefined, relayHost: 'relay.example' };
    fake.pendingJoin.set({ ...room, mirrorFolder: '/home/ben/mine' });
    await expect
      .element(page.getByRole('dialog'))
      .toMatchTextContent(/asks to join a shared room on the relay relay\.example.*kept in \/home\/ben\/mine, too/);
  });
});

describe('people', () => {
  it('goes to where somebody is', async () => {
    fake.open(['a.ts', 'b.ts']);
    fake.participants.set([createParticipant('Bob', { fileId: 'f1', activePath: 'b.ts' })]);
    workbench.commands.run('view.people');
    await userEvent.click(page.getByRole('button', { name: 'Go to Bob' }));
    await vi.waitFor(() => expect(fake.calls).toContain('reveal Bob'));
    await expect.element(page.getByLabelText('Text of f1')).toHaveFocus();
  });
});

describe('menus', () => {
  it.each([480, 640, 1280])('can be reached beside the way to all files, %i pixels wide', async (widthPx) => {
    await page.viewport(widthPx, 800);
    fake.open(['a.ts']);
    fake.participants.set(['Ana', 'Ben', 'Cleo', 'Dora', 'Emil', 'Fay'].map((name) => createParticipant(name)));
    await expect.element(page.getByRole('button', { name: 'Invite', exact: true })).toBeVisible();
    const parts = [...document.querySelectorAll('.menubar-item, .command-center, .avatar-stack, .title-bar-invite')];
    expect(parts).toHaveLength(8);
    for (const [index, part] of parts.entries()) {
      expect(part.getBoundingClientRect().right).toBeLessThanOrEqual(widthPx);
      expect(parts.slice(index + 1).filter((other) => overlap(part, other))).toEqual([]);
    }
    await userEvent.click(page.getByRole('menuitem', { name: 'Room' }));
    await expect.element(page.getByRole('menuitem', { name: 'Leave Room…' })).toBeVisible();
  });
});

describe('welcome', () => {
  it('offers to start, says why a folder did not open, and comes back after leaving', async () => {
    fake.storage.rooms.set(undefined);
    fake.recentFolders.set([{ folder: '/home/ana/site', name: 'site' }]);
    await userEvent.click(page.getByRole('button', { name: 'site' }));
    expect(fake.calls).toContain('openFolder /home/ana/site');
    fake.workspaceState.set({ kind: 'failed', title: '"site" could not be opened.', detail: 'It cannot be read.' });
    await expect.element(page.getByRole('alert')).toMatchTextContent(/It cannot be read\./);
    fake.open(['a.ts']);
    workbench.commands.run('room.leave');
    await userEvent.click(page.getByRole('button', { name: 'Leave', exact: true }));
    await expect.element(page.getByRole('main', { name: 'Welcome' })).toBeVisible();
  });

  it('does not speak of folders where there are none to open', async () => {
    workbench.dispose();
    const model = () => new FakeWorkbench(scheduler, { canOpenFolder: false });
    const { element } = await showWorkbench({ files: [], model });
    await expect.element(page.getByText(/You are not in a room yet\./)).toBeVisible();
    expect(element.textContent).not.toMatch(/folder/i);
  });

  it('takes the look from the setting', async () => {
    workbench.commands.run('theme.light');
    await vi.waitFor(() => expect(document.documentElement.dataset['theme']).toBe('light'));
    expect(getComputedStyle(document.documentElement).getPropertyValue('--editor-background')).toBe('#ffffff');
  });
});
