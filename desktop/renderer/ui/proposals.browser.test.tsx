import { beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { RenderedWorkbench } from './index.ts';
import type { FakeWorkbench } from './testing/fake-workbench.ts';
import { showWorkbench } from './testing/shown-workbench.ts';

const PROPOSAL = {
  proposalId: 'p1',
  subject: 'ben',
  name: 'Ben',
  document: 'f0',
  createdAtMs: 0,
  bytes: 10,
  subjectOfChange: 'a.ts',
  unlisted: undefined,
};

let fake: FakeWorkbench;
let workbench: RenderedWorkbench;

beforeEach(async () => {
  ({ fake, workbench } = await showWorkbench());
});

describe('proposals and the access log', () => {
  it('shows what a proposal changes, applies it, and asks before it drops one', async () => {
    fake.access.setOverview({ proposals: [PROPOSAL, { ...PROPOSAL, proposalId: 'p2', name: 'Dora' }] });
    await userEvent.click(page.getByRole('button', { name: 'Proposals, 2 to look at' }));
    await userEvent.click(page.getByRole('button', { name: /Ben/ }));
    const proposal = page.getByRole('region', { name: 'Proposal of Ben' });
    await expect.element(proposal).toMatchTextContent(/one\s*→ two/);
    await userEvent.click(proposal.getByRole('button', { name: 'Apply' }));
    await expect.element(proposal.getByText(/Applied\. What/)).toBeVisible();
    await expect.element(page.getByText(/^Applied what Ben proposed for a\.ts\.$/)).toBeVisible();
    await expect.element(page.getByRole('button', { name: 'Apply' })).not.toBeInTheDocument();
    expect(fake.calls).toContain('apply p1');
    await userEvent.click(page.getByRole('button', { name: /Dora/ }));
    await userEvent.click(page.getByRole('button', { name: 'Drop…' }));
    await userEvent.click(page.getByRole('alertdialog').getByRole('button', { name: 'Drop' }));
    await vi.waitFor(() => expect(fake.calls).toContain('drop p2'));
  });

  it('brings up no other proposal when one was applied, whatever else is pressed in its place', async () => {
    fake.access.setOverview({ proposals: [PROPOSAL, { ...PROPOSAL, proposalId: 'p2', name: 'Dora' }] });
    await userEvent.click(page.getByRole('button', { name: 'Proposals, 2 to look at' }));
    await userEvent.click(page.getByRole('button', { name: /Dora/ }));
    await userEvent.click(page.getByRole('button', { name: /Ben/ }));
    await userEvent.dblClick(
      page.getByRole('region', { name: 'Proposal of Ben' }).getByRole('button', { name: 'Apply' }),
    );
    await expect.element(page.getByText(/Applied\. What/)).toBeVisible();
    fake.access.setOverview({ proposals: [{ ...PROPOSAL, proposalId: 'p2', name: 'Dora' }] });
    await expect.element(page.getByRole('button', { name: 'Proposals, 1 to look at' })).toBeVisible();
    await expect.element(page.getByText(/Applied\. What/)).toBeVisible();
    expect(fake.calls.filter((call) => call.startsWith('apply'))).toEqual(['apply p1']);
  });

  it('says that a file is gone, and puts it back where somebody says', async () => {
    const gone = { ...PROPOSAL, document: 'gone', subjectOfChange: 'old.ts', unlisted: { lastPath: 'old.ts' } };
    fake.access.setOverview({ proposals: [gone] });
    await userEvent.click(page.getByRole('button', { name: 'Proposals, 1 to look at' }));
    await userEvent.click(page.getByRole('button', { name: /Ben/ }));
    const path = page.getByLabelText('Put it back as');
    await expect.element(path).toHaveValue('old.ts');
    await expect
      .element(path)
      .toHaveAccessibleDescription('The file was deleted. Applying puts it back, with this text.');
    const apply = page.getByRole('button', { name: 'Restore and Apply' });
    await userEvent.clear(path);
    await expect.element(apply).toBeDisabled();
    await userEvent.fill(path, 'new/place.ts');
    await userEvent.click(apply);
    await expect.element(page.getByText(/^Applied what Ben proposed for new\/place\.ts\.$/)).toBeVisible();
    expect(fake.calls).toContain('apply p1 at new/place.ts');
  });

  it('asks where a file goes that nobody has seen, and points at a proposal for the list', async () => {
    const unseen = { ...PROPOSAL, document: 'unseen', subjectOfChange: 'A file', unlisted: { lastPath: undefined } };
    const list = { ...PROPOSAL, proposalId: 'p2', document: 'index', subjectOfChange: 'List of files' };
    fake.access.setOverview({ proposals: [unseen, list] });
    await userEvent.click(page.getByRole('button', { name: 'Proposals, 2 to look at' }));
    await userEvent.click(page.getByRole('button', { name: /^A file/ }));
    await expect.element(page.getByText(/or never listed\..*look at that one first/)).toBeVisible();
    await expect.element(page.getByRole('button', { name: 'Restore and Apply' })).toBeDisabled();
  });

  it('shows the log page by page, newest first, and exports it', async () => {
    fake.access.audit = Array.from({ length: 150 }, (_, index) => {
      const seq = 150 - index;
      const about = { actor: 'ana', actorName: 'Ana', target: '', detail: `number ${seq}` };
      return { seq, atMs: 0, kind: seq === 150 ? 'of-a-later-relay' : 'link-created', ...about };
    });
    workbench.commands.run('access.audit');
    const row = (name: string) => page.getByRole('row').filter({ hasText: name });
    await expect.element(row('of-a-later-relay: number 150')).toBeVisible();
    await expect.element(row('Made a link: number 51')).toBeInTheDocument();
    await expect
      .element(row('number 150').getByRole('time'))
      .toHaveAttribute('title', expect.stringMatching(/\d:\d\d:\d\d/));
    expect(document.querySelectorAll('.audit-table tbody tr')).toHaveLength(100);
    await userEvent.click(page.getByRole('button', { name: 'Load More' }));
    await expect.poll(() => document.querySelectorAll('.audit-table tbody tr')).toHaveLength(150);
    expect(document.querySelector('.audit-table tbody tr:last-child')?.textContent).toContain('Made a link: number 1');
    expect(fake.calls).toContain('listAudit 51');
    await userEvent.click(page.getByRole('button', { name: 'Export…' }));
    expect(fake.calls).toContain('exportAudit');
  });
});
