import { expect, it, onTestFinished, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { failOnUnexpectedErrors } from '../testing/editor-replica.ts';
import { showDifference } from './difference-view.ts';

failOnUnexpectedErrors();

it('shows what differs word by word, with the author of each part in the colour and by name', async () => {
  await page.viewport(1280, 800);
  const element = document.createElement('div');
  element.style.cssText = 'width: 1200px; height: 400px';
  document.body.append(element);
  const before = 'const port = 8080;\nlisten(port);\n';
  const after = 'const port = 9090;\nlisten(port, host);\n';
  const at = (part: string) => ({ start: after.indexOf(part), end: after.indexOf(part) + part.length });
  const view = showDifference(element, {
    path: 'a.ts',
    before,
    after,
    authors: [
      { ...at('9090'), name: 'Ben *B*', colorIndex: 1 },
      { ...at(', host'), name: 'Cleo', colorIndex: 14 },
    ],
  });
  onTestFinished(() => element.remove());
  await vi.waitFor(() => expect(element.querySelectorAll('.modified .char-insert').length).toBeGreaterThan(0), {
    timeout: 15_000,
  });
  expect(element.querySelectorAll('.original .char-delete').length).toBeGreaterThan(0);
  const marks = [...element.querySelectorAll('.modified .tutti-author')];
  const textOf = (color: string) =>
    marks
      .filter((mark) => mark.classList.contains(color))
      .map((mark) => mark.textContent)
      .join('');
  expect(textOf('tutti-peer-1')).toBe('9090');
  expect(textOf('tutti-peer-2').replaceAll('\u00A0', ' ')).toBe(', host');
  expect(getComputedStyle(marks[0] ?? element).textDecorationLine).toBe('underline');
  expect(element.querySelector('.original .tutti-author')).toBeNull();
  await userEvent.hover(page.elementLocator(marks[0] ?? element));
  await expect.element(page.getByText('Ben *B*')).toBeVisible();
  view.dispose();
  expect(element.childElementCount).toBe(0);
});

it('leaves lines whole in a narrow place, and shows later states in theirs', async () => {
  await page.viewport(1280, 800);
  const element = document.createElement('div');
  element.style.cssText = 'width: 420px; height: 300px';
  document.body.append(element);
  onTestFinished(() => element.remove());
  const line = 'The quick brown fox jumps over the lazy dog, and the dog sleeps on.';
  const view = showDifference(element, { path: 'a.txt', before: `${line}\n`, after: `${line}\nbig cow.\n` });
  onTestFinished(() => view.dispose());
  const shown = () =>
    [...element.querySelectorAll('.modified .view-line')].map((row) => row.textContent.replaceAll('\u00A0', ' '));
  await vi.waitFor(() => expect(shown()).toEqual([line, 'big cow.', '']), { timeout: 15_000 });
  const [first] = element.querySelectorAll('.modified .view-line');
  view.update({ before: `${line}\n`, after: `${line}\nlazy dog.\n`, authors: [] });
  await vi.waitFor(() => expect(shown()).toEqual([line, 'lazy dog.', '']));
  expect(element.querySelector('.modified .view-line')).toBe(first);
});

it('replaces characters of two units by ones that share a half with them', async () => {
  const element = document.createElement('div');
  element.style.cssText = 'width: 1200px; height: 300px';
  document.body.append(element);
  onTestFinished(() => element.remove());
  const view = showDifference(element, { path: 'a.txt', before: 'a \u{1F600} b\n', after: 'a \u{1F600} b\n' });
  onTestFinished(() => view.dispose());
  const shown = () =>
    ['original', 'modified'].map((side) =>
      element.querySelector(`.${side} .view-line`)?.textContent.replaceAll('\u00A0', ' '),
    );
  await vi.waitFor(() => expect(shown()).toEqual(['a \u{1F600} b', 'a \u{1F600} b']), { timeout: 15_000 });
  // The first half of it is another one, and then the second.
  view.update({ before: 'a \u{1F200} b\n', after: 'a \u{1F601} b\n' });
  await vi.waitFor(() => expect(shown()).toEqual(['a \u{1F200} b', 'a \u{1F601} b']));
});
