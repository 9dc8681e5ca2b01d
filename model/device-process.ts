import { ProcessEnd } from '../desktop/main/workspace/testing/device-memory.ts';

/** A process of a device that can end at any of its steps, and whose surroundings hear of it in that very moment. */
export class DeviceProcess extends ProcessEnd {
  private readonly onEnd: () => void;

  constructor(onEnd: () => void) {
    super();
    this.onEnd = onEnd;
  }

  override step(): void {
    const wasOver = this.hasEnded;
    try {
      super.step();
    } finally {
      if (!wasOver && this.hasEnded) this.onEnd();
    }
  }

  override end(): void {
    const wasOver = this.hasEnded;
    super.end();
    if (!wasOver) this.onEnd();
  }

  /** Like {@link step}, for those whom the end of the process does not stop: what they do afterwards must not count. */
  pass(): void {
    try {
      this.step();
    } catch {
      // Nobody who could act is left.
    }
  }
}
