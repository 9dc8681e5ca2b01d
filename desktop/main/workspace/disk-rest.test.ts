import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { DiskRest } from './disk-rest.ts';
import { hashBytes } from './text-format.ts';

const BEFORE = Array.from({ length: 50 }, (_unused, line) => `line ${line}\n`).join('');

function start() {
  const scheduler = new ManualScheduler();
  const due: string[] = [];
  const rest = new DiskRest(scheduler, (fileIds) => due.push(...fileIds));
  onTestFinished(() => rest.dispose());
  const mayTake = (text: string) =>
    rest.mayTake('f', BEFORE, {
      kind: 'text',
      text,
      hash: hashBytes(Buffer.from(text)),
      format: { eol: 'LF', bom: false },
      sizeBytes: text.length,
    });
  return { scheduler, due, rest, mayTake };
}

it.each([
  ['nothing', ''],
  ['its beginning', BEFORE.slice(0, 100)],
  ['its beginning, changed', `changed\n${BEFORE.slice(0, 100)}`],
])('takes a text of which %s is left only when it did not change for a second', (_name, text) => {
  const { scheduler, due, mayTake } = start();
  expect(mayTake(text)).toBe(false);
  scheduler.advance(999);
  expect(due).toEqual(['f']);
  expect(mayTake(text)).toBe(false);
  expect(mayTake(`${text}.`)).toBe(false);
  scheduler.advance(999);
  expect(mayTake(`${text}.`)).toBe(false);
  scheduler.advance(1);
  expect(mayTake(`${text}.`)).toBe(true);
});

it.each([
  ['longer', `${BEFORE}more\n`],
  ['shorter in its midst', BEFORE.replace('line 20\nline 21\n', '')],
])('takes a text that has become %s at once', (_name, text) => {
  expect(start().mayTake(text)).toBe(true);
});

it('takes half a character, which is no text, as late as half a text', () => {
  const { scheduler, rest } = start();
  const mayTake = () => rest.mayTake('f', BEFORE, { kind: 'binary', sizeBytes: 7 });
  expect(mayTake()).toBe(false);
  scheduler.advance(1000);
  expect(mayTake()).toBe(true);
});

it('lets a file be replaced 400 ms after it was changed, and one that nobody else changed at once', () => {
  const { scheduler, due, rest, mayTake } = start();
  expect(rest.mayReplace('f')).toBe(true);
  mayTake(`${BEFORE}more\n`);
  expect([rest.mayReplace('f'), rest.mayReplace('other')]).toEqual([false, true]);
  expect(rest.isWaiting).toBe(true);
  scheduler.advance(399);
  expect([due, rest.isWaiting]).toEqual([['f'], false]);
  expect(rest.mayReplace('f')).toBe(false);
  scheduler.advance(1);
  expect(rest.mayReplace('f')).toBe(true);
});

it('waits 5 s at most for a file that never rests', () => {
  const { scheduler, rest, mayTake } = start();
  let text = BEFORE;
  for (let waitedMs = 0; waitedMs < 5000; waitedMs += 100) {
    expect(mayTake((text += '.'))).toBe(true);
    expect(rest.mayReplace('f')).toBe(false);
    scheduler.advance(100);
  }
  expect(rest.mayReplace('f')).toBe(true);
  // What comes later is waited for again.
  mayTake(`${text}more`);
  expect(rest.mayReplace('f')).toBe(false);
});

it('tells after 15 s which file could not be replaced, until it was', () => {
  const { scheduler, rest, mayTake } = start();
  let text = BEFORE;
  for (let waitedMs = 0; waitedMs < 15_000; waitedMs += 100) {
    mayTake((text += '.'));
    rest.mayReplace('f');
    expect(rest.isOverdue('f')).toBe(false);
    scheduler.advance(100);
  }
  expect([rest.isOverdue('f'), rest.isOverdue('other')]).toEqual([true, false]);
  rest.settle('f');
  expect(rest.isOverdue('f')).toBe(false);
});

it('forgets for how long a file could not be replaced once nobody wants to', () => {
  const { scheduler, rest } = start();
  rest.mayReplace('f');
  scheduler.advance(15_000);
  rest.mayReplace('f');
  expect(rest.isOverdue('f')).toBe(false);
});
