interface SeqRange {
  readonly from: number;
  /** Inclusive. */
  readonly through: number;
}

/** Which of a document's committed updates this node has passed on to its people. */
export class LogCursor {
  private head = 0;
  private latest = 0;
  /** Sorted and disjoint, each beyond a gap. */
  private beyond: SeqRange[] = [];

  /** Everything through it was passed on. */
  get headSeq(): number {
    return this.head;
  }

  /** The highest number that is known to be committed. */
  get latestSeq(): number {
    return this.latest;
  }

  /** What was committed and not passed on, the lowest of it; undefined when there is nothing. */
  get gap(): SeqRange | undefined {
    if (this.latest === this.head) return undefined;
    const [first] = this.beyond;
    return { from: this.head + 1, through: first ? first.from - 1 : this.latest };
  }

  /** It is committed; whether it was passed on is another question. */
  noteCommitted(seq: number): void {
    this.latest = Math.max(this.latest, seq);
  }

  /** What lies beyond a gap must be passed on again. */
  forgetBeyond(): void {
    this.beyond = [];
  }

  /** Everything through `seq` was passed on, or will be before anything else is. */
  jumpTo(seq: number): void {
    this.add(1, seq);
  }

  /** These were passed on. Numbers that were there before do no harm. */
  add(from: number, through: number): void {
    this.noteCommitted(through);
    if (through <= this.head) return;
    if (this.beyond.length === 0 && from <= this.head + 1) {
      this.head = through;
      return;
    }
    let range: SeqRange = { from, through };
    const apart: SeqRange[] = [];
    for (const other of this.beyond) {
      if (other.through < range.from - 1 || other.from > range.through + 1) apart.push(other);
      else range = { from: Math.min(range.from, other.from), through: Math.max(range.through, other.through) };
    }
    if (range.from <= this.head + 1) this.head = range.through;
    else apart.push(range);
    this.beyond = apart.sort((a, b) => a.from - b.from);
  }
}
