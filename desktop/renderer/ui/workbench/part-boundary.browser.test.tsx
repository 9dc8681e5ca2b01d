import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { setUnexpectedErrorHandler } from '../../../../shared/lifecycle/index.ts';
import type { RenderedWorkbench } from '../index.ts';
import { createParticipant, type FakeWorkbench } from '../testing/fake-workbench.ts';
import { showWorkbench } from '../testing/shown-workbench.ts';

let fake: FakeWorkbench;
let workbench: RenderedWorkbench;
let reported: unknown[];

beforeEach(async () => {
  reported = [];
  setUnexpectedErrorHandler((error) => reported.push(error));
  onTestFinished(() => setUnexpectedErrorHandler());
  ({ fake, workbench } = await showWorkbench({ files: [] }));
});

it('keeps the editors when the side bar cannot be drawn, reports why, and draws it again when asked', async () => {
  const failure = new Error('no such path');
  const broken = createParticipant('Ana');
  Object.defineProperty(broken, 'activePath', {
    get: () => {
      throw failure;
    },
  });
  fake.open(['a.ts']);
  await expect.element(page.getByText('a.ts')).toBeVisible();
  workbench.openFile('f0');
  await expect.element(page.getByLabelText('Text of f0')).toBeVisible();
  fake.participants.set([broken]);
  workbench.commands.run('view.people');

  await expect.element(page.getByText('The side bar could not be drawn. Your edits are safe.')).toBeVisible();
  await expect.element(page.getByLabelText('Text of f0')).toBeVisible();
  expect(reported).toContain(failure);

  fake.participants.set([createParticipant('Ana')]);
  await userEvent.click(page.getByRole('button', { name: 'Draw It Again' }));
  await expect.element(page.getByRole('region', { name: 'People' })).toMatchTextContent(/Ana/);
});
