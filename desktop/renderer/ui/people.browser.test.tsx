import { beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import type { RenderedWorkbench } from './index.ts';
import { createLink, createPerson, STANDING } from './testing/fake-access.ts';
import { createParticipant, type FakeWorkbench } from './testing/fake-workbench.ts';
import { overlap, showWorkbench } from './testing/shown-workbench.ts';

let fake: FakeWorkbench;
let scheduler: ManualScheduler;
let workbench: RenderedWorkbench;

beforeEach(async () => {
  ({ fake, scheduler, workbench } = await showWorkbench());
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

describe('roles', () => {
  const LINKS = [createLink('l', { label: 'Class' }), createLink('part', { paths: ['src/**', 'docs/*.md'] })];

  beforeEach(() => {
    fake.participants.set([
      createParticipant('Ana', { isSelf: true, role: 'owner' }),
      createParticipant('Ben'),
      createParticipant('Cleo'),
    ]);
    const people = [createPerson('Ana'), createPerson('Ben'), createPerson('Cleo', { linkId: 'part' })];
    fake.access.setOverview({ links: LINKS, people });
    workbench.commands.run('view.people');
  });

  it('make somebody an owner only when that is confirmed, and never come first', async () => {
    const role = page.getByLabelText('Role of Ben');
    await expect.element(role).toHaveValue('editor');
    const options = [...role.element().querySelectorAll('option')].map((option) => option.textContent);
    expect(options).toEqual(['Editor', 'Commenter', 'Viewer', 'Owner…']);
    await userEvent.selectOptions(role, 'owner');
    const question = page.getByRole('alertdialog', { name: 'Make Ben an owner?' });
    await expect.element(question).toMatchTextContent(/remove people, you included.*could take the room from you/);
    await userEvent.click(question.getByRole('button', { name: 'Cancel' }));
    expect(fake.calls.some((call) => call.startsWith('setRole'))).toBe(false);
    await expect.element(role).toHaveValue('editor');
    await userEvent.selectOptions(role, 'owner');
    await userEvent.click(question.getByRole('button', { name: 'Make Owner' }));
    await vi.waitFor(() => expect(fake.calls).toContain('setRole Ben owner'));
  });

  it('make nobody an owner who sees only some paths, which is shown', async () => {
    const cleo = page.getByRole('listitem').filter({ hasText: 'Cleo' });
    await expect.element(cleo).toMatchTextContent(/src\/\*\*, docs\/\*\.md only/);
    await expect.element(page.getByRole('listitem').filter({ hasText: 'Ben' })).not.toMatchTextContent(/only/);
    const options = [...page.getByLabelText('Role of Cleo').element().querySelectorAll('option')];
    expect(options.map(({ value }) => value)).toEqual(['editor', 'commenter', 'viewer']);
  });

  it('tell which link a lower one has closed, until somebody has read it', async () => {
    fake.access.closedLinks = [{ linkId: 'l', role: 'editor', label: 'Class' }];
    await userEvent.selectOptions(page.getByLabelText('Role of Ben'), 'viewer');
    const notice = page.getByRole('region', { name: 'Notifications' });
    await expect.element(notice).toMatchTextContent(/“Class” is closed to newcomers\..*Ben came by it/);
    scheduler.advance(60_000);
    await expect.element(notice.getByText(/Make another link/)).toBeVisible();
  });
});

describe('people of one name', () => {
  it('are told apart in the list, in menus and before something is done', async () => {
    fake.participants.set([
      createParticipant('root', { subject: 'a', presenceId: '1', isSelf: true, role: 'owner' }),
      createParticipant('root', { subject: 'b', presenceId: '2' }),
    ]);
    fake.access.setOverview({
      links: [createLink('l', { label: 'Class' }), createLink('own', { label: '', role: 'owner' })],
      people: [
        createPerson('root', { subject: 'a', linkId: 'own' }),
        createPerson('root', { subject: 'b', linkId: 'l' }),
      ],
    });
    workbench.commands.run('view.people');
    const rows = page.getByRole('list', { name: 'In this room' }).getByRole('listitem');
    await expect.element(rows.nth(0)).toMatchTextContent(/root \(you\)by “Link for owners”/);
    await expect.element(rows.nth(1)).toMatchTextContent(/rootby “Class”/);
    await expect.element(page.getByLabelText('Role of root (by “Class”)')).toBeVisible();
    await userEvent.click(page.getByRole('button', { name: 'More actions for root (by “Class”)' }));
    await userEvent.click(page.getByRole('menuitem', { name: 'Remove…' }));
    await expect.element(page.getByRole('alertdialog', { name: 'Remove root (by “Class”)?' })).toBeVisible();
  });
});

describe('those who were here', () => {
  beforeEach(() => fake.participants.set([createParticipant('Ana', { isSelf: true, role: 'owner' })]));

  it('can be removed for good after their session was ended', async () => {
    const sessions = [{ sessionId: 's', lastSeenMs: 0, isRevoked: true }];
    fake.access.setOverview({
      people: [createPerson('Dora', { sessions }), createPerson('Emil', { isRevoked: true })],
    });
    workbench.commands.run('view.people');
    const absent = page.getByRole('list', { name: 'Were here' });
    await expect.element(absent.getByRole('listitem').nth(0)).toMatchTextContent(/Session ended/);
    await userEvent.click(page.getByRole('button', { name: 'More actions for Dora' }));
    await expect.element(page.getByRole('menuitem', { name: 'Let Dora Present' })).not.toBeInTheDocument();
    await userEvent.click(page.getByRole('menuitem', { name: 'Remove…' }));
    await userEvent.click(page.getByRole('button', { name: 'Remove', exact: true }));
    await vi.waitFor(() => expect(fake.calls).toContain('revoke {"kind":"person","subject":"Dora"}'));
    await expect.element(page.getByRole('button', { name: 'More actions for Emil' })).not.toBeInTheDocument();
  });

  it('are shown page by page, when there are more than the relay tells at once', async () => {
    fake.access.setOverview({ people: [createPerson('Dora')], hasMorePeople: true });
    workbench.commands.run('view.people');
    await userEvent.click(page.getByRole('button', { name: 'Show More People' }));
    expect(fake.calls).toContain('loadMorePeople');
    fake.access.setOverview({ people: [createPerson('Dora')] });
    await expect.element(page.getByRole('button', { name: 'Show More People' })).not.toBeInTheDocument();
  });
});

describe('without a connection', () => {
  beforeEach(() => {
    fake.displayName.set('Ana');
    fake.ownPerson.set({ subject: 'Ana', name: 'Ana', colorIndex: 3 });
    fake.participants.set([]);
    fake.access.setOverview({ people: [createPerson('Ana'), createPerson('Dora')] });
    workbench.commands.run('view.people');
  });

  it('self is here, and it is said that nothing is known of the others', async () => {
    const here = page.getByRole('list', { name: 'In this room' }).getByRole('listitem');
    await expect.poll(() => here.elements().length).toBe(1);
    await expect.element(here).toMatchTextContent(/Ana \(you\)Not connected/);
    await expect.element(page.getByText('Who else is here is known once the relay is reached.')).toBeVisible();
    expect(
      page
        .getByRole('heading', { name: /In this room/ })
        .element()
        .querySelector('.count-badge'),
    ).toBeNull();
    const others = page.getByRole('list', { name: 'Known people' }).getByRole('listitem');
    await expect.poll(() => others.elements().map((row) => row.textContent)).toEqual([expect.stringContaining('Dora')]);
    await expect.element(page.getByLabelText('Role of Ana')).not.toBeInTheDocument();
    await expect.element(page.getByText('Were here')).not.toBeInTheDocument();
  });

  it('says nothing of that once the relay tells who is here', async () => {
    fake.participants.set([createParticipant('Ana', { isSelf: true, role: 'owner' })]);
    await expect.element(page.getByText(/Who else is here/)).not.toBeInTheDocument();
    await expect.element(page.getByRole('list', { name: 'Were here' })).toMatchTextContent(/Dora/);
  });
});

describe('the own name', () => {
  it('is changed from the own row, and stays when that is refused', async () => {
    fake.participants.set([createParticipant('root', { isSelf: true }), createParticipant('Ben')]);
    workbench.commands.run('view.people');
    const change = page.getByRole('button', { name: 'Change Your Name…' });
    await expect.poll(() => change.elements().length).toBe(1);
    await userEvent.click(change);
    const dialog = page.getByRole('dialog', { name: 'Change your name' });
    const name = dialog.getByLabelText('Your name');
    await expect.element(name).toHaveFocus();
    await expect.element(name).toHaveValue('root');
    await userEvent.keyboard(' ');
    await expect.element(dialog.getByRole('button', { name: 'Change Name' })).toBeDisabled();
    fake.nextOutcome = { ok: false, explanation: 'The disk is full.' };
    await userEvent.fill(name, ' Ana ');
    await userEvent.keyboard('{Enter}');
    await expect.element(dialog.getByText('The disk is full.')).toBeVisible();
    await userEvent.keyboard('{Enter}');
    await expect.element(dialog).not.toBeInTheDocument();
    expect(fake.calls.filter((call) => call.startsWith('changeName'))).toEqual(['changeName Ana', 'changeName Ana']);
    expect(fake.displayName.get()).toBe('Ana');
  });

  it('is changed from the command palette', async () => {
    await userEvent.keyboard('{F1}');
    await userEvent.fill(page.getByRole('combobox'), '>change name');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('dialog', { name: 'Change your name' })).toBeVisible();
  });
});

it('who was put out is not told that people will appear', async () => {
  fake.access.canManage.set(false);
  fake.access.loss.set({ explanation: 'Your access was taken back.', edits: '', hasUnsent: false });
  workbench.commands.run('view.people');
  await expect.element(page.getByText(/You are not in this room, and are not told/)).toBeVisible();
  await expect.element(page.getByText(/Who else is here/)).not.toBeInTheDocument();
});

describe('those who ask to join', () => {
  const REQUESTS = ['Cleo', 'W'.repeat(64), '\u05d0'.repeat(20)].map((name, index) => ({
    requestId: `r${index}`,
    linkId: 'l',
    name,
  }));

  beforeEach(() => {
    const createdAtMs = scheduler.now() - 2 * 60_000;
    const seen = { lastSeenMs: createdAtMs };
    const people = [createPerson('Dora', seen), createPerson('X'.repeat(64), { isRevoked: true, ...seen })];
    const requests = REQUESTS.map((request) => ({ ...request, createdAtMs }));
    fake.access.setOverview({ links: [createLink('l', { label: 'Class of 2030' })], requests, people });
    workbench.commands.run('view.people');
  });

  it('are shown with their link, and can all be denied at once, when that is confirmed', async () => {
    const list = page.getByRole('list', { name: 'Asking to join' });
    await expect
      .element(list.getByRole('listitem').first())
      .toMatchTextContent(/Cleo.*by “Class of 2030”.*Asked 2 min/);
    await userEvent.click(page.getByRole('button', { name: 'Deny All…' }));
    const question = page.getByRole('alertdialog', { name: 'Deny all 3 who ask to join?' });
    await userEvent.click(question.getByRole('button', { name: 'Deny All' }));
    await vi.waitFor(() => expect(fake.calls).toContain('deny r0 r1 r2'));
  });

  it.each([170, 200, 240, 300])('have room in a side bar of %i pixels, as everybody else', async (widthPx) => {
    await resizeSideBar(widthPx);
    expect(document.querySelectorAll('.people .person')).toHaveLength(6);
    const edge = (document.querySelector('.side-bar')?.getBoundingClientRect().right ?? 0) + 1;
    const parts = [
      ...document.querySelectorAll('.person-text > *, .person-answers, .person > button, .people-heading > *'),
    ];
    for (const [index, part] of parts.entries()) {
      expect(part.getBoundingClientRect().right).toBeLessThanOrEqual(edge);
      expect(parts.slice(index + 1).filter((other) => overlap(part, other))).toEqual([]);
    }
    for (const seen of document.querySelectorAll('.person-seen')) {
      expect(seen.scrollWidth).toBeLessThanOrEqual(seen.clientWidth + 1);
      expect(seen.textContent).toBe('seen 2 minutes ago');
    }
  });
});

/** Makes the side bar so wide, as somebody does with the keys. */
async function resizeSideBar(widthPx: number): Promise<void> {
  const sash = page.getByRole('separator', { name: 'Width of the side bar' });
  sash.element().focus();
  for (let step = 0; step < 20; step++) {
    const nowPx = Number(sash.element().getAttribute('aria-valuenow'));
    if (Math.abs(nowPx - widthPx) < 20) break;
    await userEvent.keyboard(nowPx > widthPx ? '{ArrowLeft}' : '{ArrowRight}');
  }
  await expect.poll(() => Math.abs((document.querySelector('.side-bar')?.clientWidth ?? 0) - widthPx)).toBeLessThan(20);
}
