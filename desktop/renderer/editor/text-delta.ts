/** One step of a {@link TextDelta}. Lengths are in UTF-16 units. */
export type DeltaStep =
  | { readonly kind: 'retain'; readonly length: number }
  | { readonly kind: 'delete'; readonly length: number }
  | { readonly kind: 'insert'; readonly text: string };

/** A change of a text, read from its beginning; what follows the last step is retained. */
export type TextDelta = readonly DeltaStep[];

const REST: DeltaStep = { kind: 'retain', length: Number.MAX_SAFE_INTEGER };

function lengthOf(step: DeltaStep): number {
  return step.kind === 'insert' ? step.text.length : step.length;
}

/** Collects steps, joining neighbours of one kind and putting inserts before deletes at one place. */
class DeltaBuilder {
  private readonly steps: DeltaStep[] = [];

  push(step: DeltaStep): void {
    if (lengthOf(step) === 0) return;
    const last = this.steps.at(-1);
    if (last?.kind === 'insert' && step.kind === 'insert') {
      this.steps[this.steps.length - 1] = { kind: 'insert', text: last.text + step.text };
    } else if (last && last.kind !== 'insert' && last.kind === step.kind) {
      this.steps[this.steps.length - 1] = { kind: step.kind, length: last.length + step.length };
    } else if (last?.kind === 'delete' && step.kind === 'insert') {
      this.steps.pop();
      this.push(step);
      this.steps.push(last);
    } else {
      this.steps.push(step);
    }
  }

  build(): TextDelta {
    while (this.steps.at(-1)?.kind === 'retain') this.steps.pop();
    return this.steps;
  }
}

/** Reads a delta in pieces of any length. */
class DeltaReader {
  private index = 0;
  private used = 0;
  private readonly delta: TextDelta;

  constructor(delta: TextDelta) {
    this.delta = delta;
  }

  get isAtEnd(): boolean {
    return this.index >= this.delta.length;
  }

  get nextKind(): DeltaStep['kind'] {
    return this.delta[this.index]?.kind ?? 'retain';
  }

  get nextLength(): number {
    return lengthOf(this.delta[this.index] ?? REST) - this.used;
  }

  take(maxLength: number): DeltaStep {
    const step = this.delta[this.index];
    if (!step) return { kind: 'retain', length: maxLength };
    const start = this.used;
    const length = Math.min(maxLength, lengthOf(step) - start);
    this.used += length;
    if (this.used === lengthOf(step)) {
      this.index += 1;
      this.used = 0;
    }
    return step.kind === 'insert'
      ? { kind: 'insert', text: step.text.slice(start, start + length) }
      : { kind: step.kind, length };
  }
}

/** The delta that replaces `deleteLength` units at `offset` by `text`. */
export function replaceDelta(offset: number, deleteLength: number, text: string): TextDelta {
  const builder = new DeltaBuilder();
  builder.push({ kind: 'retain', length: offset });
  builder.push({ kind: 'insert', text });
  builder.push({ kind: 'delete', length: deleteLength });
  return builder.build();
}

/** The one delta that does what `first` and then `second` do. */
export function composeDeltas(first: TextDelta, second: TextDelta): TextDelta {
  const a = new DeltaReader(first);
  const b = new DeltaReader(second);
  const result = new DeltaBuilder();
  while (!a.isAtEnd || !b.isAtEnd) {
    if (b.nextKind === 'insert') {
      result.push(b.take(Number.MAX_SAFE_INTEGER));
    } else if (a.nextKind === 'delete') {
      result.push(a.take(Number.MAX_SAFE_INTEGER));
    } else {
      const length = Math.min(a.nextLength, b.nextLength);
      const fromFirst = a.take(length);
      const fromSecond = b.take(length);
      if (fromSecond.kind === 'retain') result.push(fromFirst);
      else if (fromFirst.kind === 'retain') result.push(fromSecond);
    }
  }
  return result.build();
}

/**
 * Rewrites `delta` so that it can follow `other`, which was made on the same text.
 * Where both insert at one place, the text of `other` stands first exactly if `otherFirst`.
 */
export function transformDelta(delta: TextDelta, other: TextDelta, otherFirst: boolean): TextDelta {
  const d = new DeltaReader(delta);
  const o = new DeltaReader(other);
  const result = new DeltaBuilder();
  while (!d.isAtEnd) {
    if (o.nextKind === 'insert' && (otherFirst || d.nextKind !== 'insert')) {
      result.push({ kind: 'retain', length: lengthOf(o.take(Number.MAX_SAFE_INTEGER)) });
    } else if (d.nextKind === 'insert') {
      result.push(d.take(Number.MAX_SAFE_INTEGER));
    } else {
      const length = Math.min(d.nextLength, o.nextLength);
      const step = d.take(length);
      if (o.take(length).kind !== 'delete') result.push(step);
    }
  }
  return result.build();
}

/** Where a position in the text before `delta` is afterwards; text inserted at the position pushes it on. */
export function positionAfter(delta: TextDelta, position: number): number {
  let before = 0;
  let after = 0;
  for (const step of delta) {
    if (step.kind === 'insert') {
      after += step.text.length;
      continue;
    }
    if (before + step.length > position) return step.kind === 'retain' ? after + (position - before) : after;
    before += step.length;
    if (step.kind === 'retain') after += step.length;
  }
  return after + (position - before);
}

/** Where a position in the text after `delta` was before; one inside inserted text maps to where it was inserted. */
export function positionBefore(delta: TextDelta, position: number): number {
  let before = 0;
  let after = 0;
  for (const step of delta) {
    if (step.kind === 'delete') {
      before += step.length;
      continue;
    }
    const length = lengthOf(step);
    if (after + length > position) return step.kind === 'retain' ? before + (position - after) : before;
    after += length;
    if (step.kind === 'retain') before += length;
  }
  return before + (position - after);
}
