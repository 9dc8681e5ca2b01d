/** Which handles a client has used. Those that are counted up, as clients do it, take no room. */
export class UsedHandles {
  private first = 0;
  /** All from `first` to before this are used. */
  private end = 0;
  private others: Set<number> | undefined;

  /** How many take room. */
  get scattered(): number {
    return this.others?.size ?? 0;
  }

  has(handle: number): boolean {
    return (handle >= this.first && handle < this.end) || this.others?.has(handle) === true;
  }

  /** Give it only what it does not have. */
  add(handle: number): void {
    if (this.first === this.end) this.first = handle;
    else if (handle !== this.end) {
      (this.others ??= new Set()).add(handle);
      return;
    }
    this.end = handle + 1;
    while (this.others?.delete(this.end)) this.end++;
  }
}
