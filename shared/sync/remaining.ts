/**
 * Tells whether any of many things is still in some state, as they leave it one by one: those that have left it are not
 * looked at again before all of them have.
 */
export class Remaining<T> {
  private readonly all: () => Iterable<T>;
  private readonly isLeft: (each: T) => boolean;
  private readonly left = new Set<T>();

  /** `isLeft` is also asked about things that are not among `all` any more. */
  constructor(all: () => Iterable<T>, isLeft: (each: T) => boolean) {
    this.all = all;
    this.isLeft = isLeft;
  }

  get isAny(): boolean {
    for (const each of this.left) {
      if (this.isLeft(each)) return true;
      this.left.delete(each);
    }
    for (const each of this.all()) if (this.isLeft(each)) this.left.add(each);
    return this.left.size > 0;
  }
}
