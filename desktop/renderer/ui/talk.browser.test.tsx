import { beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { RenderedWorkbench } from './index.ts';
import { createAuthor, createEntry, createThread } from './testing/fake-talk.ts';
import type { FakeWorkbench } from './testing/fake-workbench.ts';
import { showWorkbench } from './testing/shown-workbench.ts';

const HOSTILE = '<img src=x onerror="document.title=String(1)">';
const SELF = createAuthor('Ana', true);

let fake: FakeWorkbench;
let workbench: RenderedWorkbench;

beforeEach(async () => {
  ({ fake, workbench } = await showWorkbench({ files: ['src/a.ts', 'b.md'] }));
});

const box = (name: string) => page.getByRole('textbox', { name, exact: true });

describe('chat', () => {
  it('shows who said what as text, and one head for what somebody says in a row', async () => {
    fake.talk.messages.set([
      createEntry(HOSTILE, HOSTILE, { id: '1' }),
      createEntry('Ben', 'one', { id: '2', atMs: 1_000 }),
      createEntry('Ben', 'two\nlines', { id: '3', atMs: 61_000 }),
      createEntry('Ben', 'later', { id: '4', atMs: 3_600_000 }),
      createEntry('Ana', 'mine', { id: '5', atMs: 3_600_000, author: SELF }),
    ]);
    workbench.commands.run('view.chat');
    const log = page.getByRole('log', { name: 'Messages' });
    await expect.element(log.getByText('two lines')).toBeVisible();
    expect(document.querySelector('.chat img')).toBeNull();
    expect([...document.querySelectorAll('.chat .entry-author')].map((name) => name.textContent)).toEqual([
      HOSTILE,
      'Ben',
      'Ben',
      'Ana',
    ]);
    await expect.element(log.getByText('(you)')).toBeVisible();
  });

  it('sends with Enter, breaks the line with Shift+Enter, and keeps what could not be sent', async () => {
    workbench.commands.run('view.chat');
    await expect.element(box('Message')).toHaveFocus();
    await userEvent.keyboard('one{Shift>}{Enter}{/Shift}two{Enter}');
    expect(fake.calls).toContain('send one\ntwo');
    await expect.element(box('Message')).toHaveValue('');
    await userEvent.keyboard('{Enter}');
    fake.talk.outcome = { ok: false, explanation: 'The relay is on holiday.' };
    await userEvent.keyboard('again{Enter}');
    await expect.element(page.getByText('The relay is on holiday.')).toBeVisible();
    expect(fake.calls.filter((call) => call.startsWith('send '))).toEqual(['send one\ntwo', 'send again']);
    workbench.commands.run('view.people');
    await expect.element(box('Message')).not.toBeInTheDocument();
    workbench.commands.run('view.chat');
    await expect.element(box('Message')).toHaveValue('again');
    fake.workspaceState.set({ kind: 'none' });
    await expect.element(box('Message')).not.toBeInTheDocument();
    fake.open(['other.ts']);
    await expect.element(box('Message')).toHaveValue('');
  });

  it('says how many characters are too many', async () => {
    workbench.commands.run('view.chat');
    await userEvent.fill(box('Message'), 'x'.repeat(4_002));
    await expect.element(page.getByText('-2 characters left')).toBeVisible();
  });

  it('tells what is unread on its icon until it is shown', async () => {
    fake.talk.unreadCount.set(120);
    await expect.element(page.getByRole('button', { name: 'Chat, 120 unread' })).toHaveTextContent('99+');
    await page.getByRole('button', { name: 'Chat, 120 unread' }).click();
    await expect.element(page.getByRole('button', { name: 'Chat', exact: true })).toBeVisible();
  });

  it('says why self cannot write, and takes no focus away when self can again', async () => {
    fake.talk.chatLock.set('Only owners may write.');
    workbench.commands.run('view.chat');
    await expect.element(page.getByText('Only owners may write.')).toBeVisible();
    await expect.element(box('Message')).not.toBeInTheDocument();
    workbench.openFile('f0');
    await expect.element(page.getByLabelText('Text of f0')).toHaveFocus();
    fake.talk.chatLock.set(undefined);
    await expect.element(box('Message')).toBeVisible();
    await expect.element(page.getByLabelText('Text of f0')).toHaveFocus();
  });

  it('tells what others do not have yet', async () => {
    workbench.commands.run('view.chat');
    fake.talk.delivery.set({ kind: 'waiting' });
    await expect.element(page.getByText(/sent when the relay is reached again/)).toBeVisible();
    fake.talk.delivery.set({ kind: 'refused', explanation: 'Too large.' });
    await expect.element(page.getByText('What you wrote was not accepted: Too large.')).toBeVisible();
  });

  it('stays where one reads while messages arrive, and goes to the end for one’s own', async () => {
    const many = Array.from({ length: 100 }, (_, index) => createEntry('Ben', `message ${index}`, { id: `m${index}` }));
    fake.talk.messages.set(many);
    workbench.commands.run('view.chat');
    const log = page.getByRole('log', { name: 'Messages' });
    await expect.element(log.getByText('message 99')).toBeInViewport();
    const scroller = log.element();
    scroller.scrollTop = 0;
    await expect.element(log.getByText('message 0', { exact: true })).toBeInViewport();
    fake.talk.messages.set([...many, createEntry('Ben', 'news', { id: 'n' })]);
    await page.getByRole('button', { name: 'New messages' }).click();
    await expect.element(log.getByText('news')).toBeInViewport();
    await expect.element(page.getByRole('button', { name: 'New messages' })).not.toBeInTheDocument();
    scroller.scrollTop = 0;
    const own = createEntry('Ana', 'mine', { id: 'o', author: SELF });
    fake.talk.messages.set([...many, createEntry('Ben', 'news', { id: 'n' }), own]);
    await expect.element(log.getByText('mine')).toBeInViewport();
  });
});

describe('comments', () => {
  async function openFile(): Promise<HTMLElement> {
    workbench.openFile('f0');
    await expect.element(page.getByLabelText('Text of f0')).toBeVisible();
    const zone = document.createElement('div');
    document.querySelector('.editor-element')?.append(zone);
    return zone;
  }

  it('are listed by file with the unresolved ones first in sight, and lead to their place', async () => {
    fake.talk.threads.set([
      createThread('t1', { line: 9, entries: [createEntry('Ben', HOSTILE), createEntry('Ana', 'So?')] }),
      createThread('t2', { fileId: 'f1', path: 'b.md', isOutdated: true, entries: [createEntry('Cleo', 'Old')] }),
      createThread('t3', { isResolved: true, entries: [createEntry('Cleo', 'Done')] }),
      createThread('t4', { fileId: 'gone', path: undefined, entries: [createEntry('Cleo', 'Where?')] }),
    ]);
    await page.getByRole('button', { name: 'Comments, 3 unresolved' }).click();
    const view = page.getByRole('region', { name: 'Comments', exact: true });
    await expect.element(view.getByRole('button', { name: /Ln 9 · 1 reply/ })).toBeVisible();
    await expect.element(view.getByRole('button', { name: /Old outdated/ })).toBeVisible();
    await expect.element(view.getByRole('button', { name: /Where\?/ })).toBeDisabled();
    await expect.element(view.getByText('Done')).not.toBeInTheDocument();
    expect(document.querySelector('.comments img')).toBeNull();
    await view.getByRole('button', { name: 'Show resolved threads (1)' }).click();
    await expect.element(view.getByText('Done')).toBeVisible();
    await view.getByRole('button', { name: /Ln 9/ }).click();
    await expect.element(page.getByLabelText('Text of f0')).toBeVisible();
    await vi.waitFor(() => expect(fake.calls).toContain('reveal thread t1'));
  });

  it('begin with a key, and say why when they cannot', async () => {
    await openFile();
    await userEvent.keyboard('{Control>}{Alt>}c{/Alt}{/Control}');
    expect(fake.calls).toContain('start comment');
    fake.talk.outcome = { ok: false, explanation: 'You are a viewer.' };
    workbench.commands.run('comments.add');
    await expect.element(page.getByText('You are a viewer.')).toBeVisible();
    fake.talk.threads.set([createThread('t1')]);
    await userEvent.keyboard('{Alt>}{F9}{/Alt}');
    expect(fake.calls).toContain('reveal next thread');
  });

  it('are written below the line: what is begun comes back after Escape, and goes with Cancel', async () => {
    const zone = { element: await openFile(), threadId: undefined, isFocused: true };
    const post = (text: string) => {
      fake.calls.push(`post ${text}`);
      return fake.talk.outcome;
    };
    fake.commentZone.set({ ...zone, post });
    await expect.element(box('Comment')).toHaveFocus();
    await userEvent.keyboard('one{Enter}two{Escape}');
    await expect.element(page.getByLabelText('Text of f0')).toHaveFocus();
    expect(fake.calls.some((call) => call.startsWith('post'))).toBe(false);
    fake.commentZone.set({ ...zone, post });
    await expect.element(box('Comment')).toHaveValue('one\ntwo');
    await userEvent.keyboard('{Control>}{Enter}{/Control}');
    expect(fake.calls).toContain('post one\ntwo');
    await userEvent.fill(box('Comment'), 'three');
    await page.getByRole('button', { name: 'Cancel' }).click();
    fake.commentZone.set({ ...zone, post });
    await expect.element(box('Comment')).toHaveValue('');
  });

  it('are answered, resolved and deleted where they are', async () => {
    const element = await openFile();
    const own = createEntry('Ana', 'Because.', { id: 'own', author: SELF });
    fake.talk.threads.set([createThread('t1', { isOutdated: true, entries: [createEntry('Ben', HOSTILE), own] })]);
    fake.commentZone.set({ element, threadId: 't1', isFocused: true, post: () => ({ ok: true }) });
    const thread = page.getByRole('region', { name: 'Comments of Ben, Ana' });
    await expect.element(thread).toHaveFocus();
    await expect.element(thread.getByText('commented')).toBeVisible();
    expect(document.querySelector('.thread img')).toBeNull();
    await thread.getByRole('button', { name: 'Reply…' }).click();
    await userEvent.keyboard('I see.{Control>}{Enter}{/Control}');
    await expect.element(thread.getByRole('button', { name: 'Reply…' })).toHaveFocus();
    await thread.getByRole('button', { name: 'Resolve' }).click();
    expect(thread.getByRole('button', { name: 'Delete Comment' }).elements()).toHaveLength(1);
    await thread.getByRole('button', { name: 'Delete Comment' }).click();
    expect(fake.calls).toEqual(expect.arrayContaining(['reply t1 I see.', 'resolve t1 true', 'remove t1 own']));
    await userEvent.keyboard('{Escape}');
    await expect.element(page.getByLabelText('Text of f0')).toHaveFocus();
    expect(fake.commentZone.get()).toBeUndefined();
  });

  it('can be read by who cannot write them', async () => {
    const element = await openFile();
    fake.talk.threads.set([createThread('t1', { isResolved: true })]);
    fake.talk.commentsLock.set('You are a viewer.');
    fake.commentZone.set({ element, threadId: 't1', isFocused: false, post: () => ({ ok: true }) });
    const thread = page.getByRole('region', { name: 'Comments of Ben' });
    await expect.element(thread.getByText('You are a viewer.')).toBeVisible();
    await expect.element(thread.getByText('Resolved')).toBeVisible();
    await expect.element(thread.getByRole('button', { name: 'Reopen' })).toHaveAttribute('aria-disabled', 'true');
    await expect.element(thread.getByRole('button', { name: 'Reply…' })).not.toBeInTheDocument();
    await expect.element(thread).not.toHaveFocus();
  });
});
