import { expect, onTestFinished } from 'vitest';
import { page } from 'vitest/browser';
import { ManualScheduler } from '../../../../shared/testing/manual-scheduler.ts';
import { type RenderedWorkbench, renderWorkbench } from '../index.ts';
import { FakeWorkbench } from './fake-workbench.ts';

/** A workbench on the page, and the model that a test speaks for. */
export interface ShownWorkbench {
  readonly fake: FakeWorkbench;
  readonly scheduler: ManualScheduler;
  readonly workbench: RenderedWorkbench;
  readonly element: HTMLElement;
}

/** What {@link showWorkbench} is told. */
export interface WorkbenchShowing {
  readonly widthPx?: number;
  /** Open at first. */
  readonly files?: readonly string[];
  /** Speaks for the model instead of a new one. */
  readonly model?: (scheduler: ManualScheduler) => FakeWorkbench;
}

/** Shows a workbench until the test is over, with the file `a.ts` if not told otherwise. */
export async function showWorkbench(showing: WorkbenchShowing = {}): Promise<ShownWorkbench> {
  const { widthPx = 1280, files = ['a.ts'], model } = showing;
  await page.viewport(widthPx, 800);
  const scheduler = new ManualScheduler();
  const fake = model?.(scheduler) ?? new FakeWorkbench(scheduler);
  const element = document.createElement('div');
  element.style.cssText = 'position:fixed;inset:0';
  document.body.append(element);
  const workbench = renderWorkbench(element, fake.model);
  onTestFinished(() => {
    workbench.dispose();
    element.remove();
  });
  await expect.element(page.getByRole('contentinfo')).toBeVisible();
  if (files.length > 0) fake.open(files);
  return { element, fake, scheduler, workbench };
}

/** Whether two elements lie over each other, by more than the rounding of pixels. */
export function overlap(a: Element, b: Element): boolean {
  const [first, second] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
  const across = Math.min(first.right, second.right) - Math.max(first.left, second.left);
  const down = Math.min(first.bottom, second.bottom) - Math.max(first.top, second.top);
  return across > 1 && down > 1;
}

/** The contrast between an element's text and the opaque background behind it, as WCAG counts it: 1 to 21. */
export function contrastOf(element: Element): number {
  let behind: Element | null = element;
  let background = toRgb(getComputedStyle(element).backgroundColor);
  while (background.alpha < 1 && behind?.parentElement) {
    behind = behind.parentElement;
    background = lay(background, toRgb(getComputedStyle(behind).backgroundColor));
  }
  const [lighter = 0, darker = 0] = [luminance(toRgb(getComputedStyle(element).color)), luminance(background)].toSorted(
    (a, b) => b - a,
  );
  return (lighter + 0.05) / (darker + 0.05);
}

interface Rgb {
  readonly channels: readonly number[];
  readonly alpha: number;
}

function toRgb(color: string): Rgb {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas');
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0, alpha = 0] = context.getImageData(0, 0, 1, 1).data;
  return { channels: [red, green, blue], alpha: alpha / 255 };
}

function lay(over: Rgb, under: Rgb): Rgb {
  const alpha = over.alpha + under.alpha * (1 - over.alpha);
  const channels = over.channels.map((channel, index) => {
    const below = under.channels[index] ?? 0;
    return alpha === 0 ? 0 : (channel * over.alpha + below * under.alpha * (1 - over.alpha)) / alpha;
  });
  return { channels, alpha };
}

function luminance({ channels }: Rgb): number {
  const [red = 0, green = 0, blue = 0] = channels.map((channel) => {
    const part = channel / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
