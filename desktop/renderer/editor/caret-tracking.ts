import { editor, type Range } from './monaco.ts';

/** What Monaco's cursors ask of a model, beyond its public interface. */
interface RangeTracker {
  _getTrackedRange(id: string): Range | null;
  _setTrackedRange(id: string | null, range: Range | null, stickiness: editor.TrackedRangeStickiness): string | null;
}

const { AlwaysGrowsWhenTypingAtEdges, GrowsOnlyWhenTypingBefore, NeverGrowsWhenTypingAtEdges } =
  editor.TrackedRangeStickiness;

function isRangeTracker(model: object): model is RangeTracker {
  return (
    '_getTrackedRange' in model &&
    typeof model._getTrackedRange === 'function' &&
    '_setTrackedRange' in model &&
    typeof model._setTrackedRange === 'function'
  );
}

const known = new WeakMap<editor.ITextModel, CaretTracking>();

/**
 * Knows the cursors of every editor that shows a model, so that other people's edits leave them where they are.
 *
 * Monaco carries a cursor along as a range that grows at both edges, which is right for what is typed at it here.
 * For text of others it is not: a caret would be pushed along by whoever types at the same place, so that the letters
 * of two people mix, and a selection would take in what others type beside it, which the next key then replaces.
 */
export class CaretTracking {
  private readonly tracker: RangeTracker;
  private readonly rangeIds = new Set<string>();

  private constructor(tracker: RangeTracker) {
    this.tracker = tracker;
    const track = tracker._setTrackedRange.bind(tracker);
    tracker._setTrackedRange = (id, range, stickiness) => {
      const result = track(id, range, stickiness);
      // Only cursors have this stickiness.
      if (result !== null && stickiness === AlwaysGrowsWhenTypingAtEdges) this.rangeIds.add(result);
      else if (id !== null) this.rangeIds.delete(id);
      return result;
    };
  }

  /** The tracking of `model`. It knows the cursors that come after the first call: make it before an editor shows the model. */
  static of(model: editor.ITextModel): CaretTracking {
    const existing = known.get(model);
    if (existing) return existing;
    if (!isRangeTracker(model))
      throw new Error('This version of Monaco tracks its cursors in a way that is not known.');
    const tracking = new CaretTracking(model);
    known.set(model, tracking);
    return tracking;
  }

  /** Makes every caret stay before, and every selection without, the text that the next edit inserts exactly at it. */
  prepareForeignEdit(): void {
    for (const id of [...this.rangeIds]) {
      const range = this.tracker._getTrackedRange(id);
      if (!range) continue;
      this.tracker._setTrackedRange(
        id,
        range,
        range.isEmpty() ? GrowsOnlyWhenTypingBefore : NeverGrowsWhenTypingAtEdges,
      );
      // The cursor sets its range again as soon as the edit is announced.
      this.rangeIds.add(id);
    }
  }
}
