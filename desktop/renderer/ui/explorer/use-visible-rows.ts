import { type RefObject, useCallback, useMemo, useSyncExternalStore } from 'react';

const OVERSCAN_ROWS = 8;

/** Rows `first` up to, but without, `end`. */
export interface RowRange {
  readonly first: number;
  readonly end: number;
}

/** The rows of one height that are in sight, with some more above and below. */
export function visibleRange(scrollTopPx: number, heightPx: number, rowHeightPx: number, count: number): RowRange {
  const first = Math.max(0, Math.floor(scrollTopPx / rowHeightPx) - OVERSCAN_ROWS);
  const end = Math.min(count, Math.ceil((scrollTopPx + heightPx) / rowHeightPx) + OVERSCAN_ROWS);
  return { first: Math.min(first, end), end };
}

/**
 * Indexes of the rows to draw in a scrolling element.
 * @param keptIndex a row that is drawn wherever it is, such as the one with the keyboard's focus; -1 for none
 */
export function useVisibleRows(
  scroller: RefObject<HTMLElement | null>,
  rowHeightPx: number,
  count: number,
  keptIndex: number,
): readonly number[] {
  const subscribe = useCallback(
    (listener: () => void) => {
      const element = scroller.current;
      if (!element) return () => undefined;
      const resize = new ResizeObserver(listener);
      resize.observe(element);
      element.addEventListener('scroll', listener, { passive: true });
      return () => {
        resize.disconnect();
        element.removeEventListener('scroll', listener);
      };
    },
    [scroller],
  );
  // A text, so that scrolling within one row changes nothing.
  const snapshot = useSyncExternalStore(subscribe, () => {
    const { scrollTop = 0, clientHeight = 0 } = scroller.current ?? {};
    const { first, end } = visibleRange(scrollTop, clientHeight, rowHeightPx, count);
    return `${first} ${end}`;
  });
  return useMemo(() => {
    const [first = 0, end = 0] = snapshot.split(' ').map(Number);
    const indexes = Array.from({ length: end - first }, (_, offset) => first + offset);
    const isOutside = keptIndex >= 0 && keptIndex < count && (keptIndex < first || keptIndex >= end);
    return isOutside ? [...indexes, keptIndex].sort((a, b) => a - b) : indexes;
  }, [snapshot, keptIndex, count]);
}

/** Scrolls no further than needed to show a row. */
export function scrollToRow(element: HTMLElement, index: number, rowHeightPx: number): void {
  const top = index * rowHeightPx;
  const bottom = top + rowHeightPx;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight;
}
