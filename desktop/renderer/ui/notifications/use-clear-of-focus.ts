import { type RefObject, useLayoutEffect } from 'react';

const GAP_PX = 8;
/** Where the title bar ends. */
const TOP_PX = 43;
const LOOKED_AT_AFTER = ['focusin', 'keyup', 'pointerup', 'scroll', 'resize'] as const;

/**
 * Keeps an element that stands at the bottom of its parent off the row of what has the focus, as far as there is room: it
 * moves above that, or else to the top. `count` tells when what is in it changes.
 */
export function useClearOfFocus(region: RefObject<HTMLElement | null>, count: number): void {
  useLayoutEffect(() => {
    if (count === 0) return undefined;
    let frame = 0;
    const place = () => {
      frame = 0;
      if (region.current) moveClear(region.current);
    };
    const look = () => {
      frame ||= requestAnimationFrame(place);
    };
    place();
    for (const event of LOOKED_AT_AFTER) window.addEventListener(event, look, { capture: true, passive: true });
    return () => {
      cancelAnimationFrame(frame);
      for (const event of LOOKED_AT_AFTER) window.removeEventListener(event, look, { capture: true });
    };
  }, [region, count]);
}

function moveClear(region: HTMLElement): void {
  region.style.bottom = '';
  const { activeElement } = document;
  const parent = region.offsetParent;
  if (!activeElement || !parent || activeElement === document.body || region.contains(activeElement)) return;
  const [focused, own, outer] = [activeElement, region, parent].map((element) => element.getBoundingClientRect());
  if (!focused || !own || !outer) return;
  // What is as high as the window, such as a list, has no row of its own.
  const isRow = focused.height < outer.height / 3;
  const isUnder = focused.bottom > own.top && focused.top < own.bottom && focused.right > own.left;
  if (!isRow || !isUnder) return;
  const above = outer.bottom - focused.top + GAP_PX;
  const top = outer.height - own.height - TOP_PX;
  region.style.bottom = `${above + own.height + TOP_PX <= outer.height ? above : top}px`;
}
