import { type Disposable, MutableDisposable, type Scheduler } from '../../lifecycle/index.ts';

/** Who is back brings within so long what they did meanwhile. */
const BRING_MS = 1_500;
/** So often it is waited once more, as long as something comes. */
const MAX_ROUNDS = 3;
/** Who is not back by then comes later, or not at all. */
const WAIT_MS = 35_000;

/** People by their presence ids; each connection has another one. */
export type PresentPeople = ReadonlyMap<number, { readonly subject: string }>;

export interface LateArrivalsOptions {
  readonly scheduler: Scheduler;
  /** Who was here when the connection was lost. */
  readonly expected: PresentPeople;
  readonly present: () => PresentPeople;
  /** Somebody has come back: gives whether they have brought anything. */
  readonly onArrived: () => boolean;
  /** Nobody is waited for any longer; called at once where nobody was away. */
  readonly onSettled: () => void;
}

/**
 * When the relay was out of reach for all, everybody comes back at another time: what the later ones did meanwhile
 * reaches the earlier ones after their own return. Waits for those who were here before, but for who never left.
 */
export class LateArrivals implements Disposable {
  private readonly options: LateArrivalsOptions;
  private readonly bringing = new MutableDisposable<Disposable>();
  private readonly waiting = new MutableDisposable<Disposable>();
  private readonly awaited: Map<number, { readonly subject: string }>;
  /** Whose connections count as somebody awaited. */
  private readonly arrived = new Set<number>();
  private rounds = 0;

  constructor(options: LateArrivalsOptions) {
    this.options = options;
    this.awaited = new Map(options.expected);
    this.waiting.value = options.scheduler.schedule(() => this.settle(), WAIT_MS);
  }

  /** Who is still waited for. */
  get missing(): PresentPeople {
    return this.awaited;
  }

  participantsChanged(): void {
    const { arrived, awaited } = this;
    const present = this.options.present();
    for (const presenceId of present.keys()) if (awaited.delete(presenceId)) arrived.add(presenceId);
    let hasNew = false;
    for (const [presenceId, { subject }] of present) {
      if (arrived.has(presenceId)) continue;
      const place = [...awaited].find(([, person]) => person.subject === subject);
      if (!place) continue;
      awaited.delete(place[0]);
      arrived.add(presenceId);
      hasNew = true;
    }
    if (hasNew) {
      this.rounds = 0;
      this.listen();
    } else if (awaited.size === 0 && !this.bringing.value) {
      this.settle();
    }
  }

  dispose(): void {
    this.bringing.dispose();
    this.waiting.dispose();
  }

  private listen(): void {
    this.bringing.value = this.options.scheduler.schedule(() => {
      this.bringing.value = undefined;
      const hasBrought = this.options.onArrived();
      if (hasBrought && ++this.rounds < MAX_ROUNDS) this.listen();
      else if (this.awaited.size === 0) this.settle();
    }, BRING_MS);
  }

  private settle(): void {
    this.dispose();
    this.options.onSettled();
  }
}
