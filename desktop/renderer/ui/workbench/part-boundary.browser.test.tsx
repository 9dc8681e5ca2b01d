import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { setUnexpectedErrorHandler } from '../../../../shared/lifecycle/index.ts';
import { type RenderedWorkbench, renderWorkbench } from '../index.ts';
import { createParticipant, FakeWorkbench } from '../testing/fake-workbench.ts';

let fake: FakeWorkbench;
let element: HTMLDivElement;
let workbench: RenderedWorkbench;
let reported: unknown[];

beforeEach(async () => {
  await page.viewport(1280, 800);
  reported = [];
  setUnexpectedErrorHandler((error) => reported.push(error));
  onTestFinished(() => setUnexpectedErrorHandler());
  fake = new FakeWorkbench();
  element = document.createElement('div');
  element.style.cssText = 'position:fixed;inset:0';
  document.body.append(element);
  workbench = renderWorkbench(element, fake.model);
  await expect.element(page.getByRole('contentinfo')).toBeVisible();
});

afterEach(() => {
  workbench.dispose();
  element.remove();
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
