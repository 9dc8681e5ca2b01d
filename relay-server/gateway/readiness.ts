import type { Scheduler } from '../../shared/lifecycle/index.ts';
import type { UpdateLog } from '../log/update-log.ts';

/** Whether new connections should come to this node. */
export type ReadinessState = 'ready' | 'no-database' | 'draining';

const ANSWER_WITHIN_MS = 2_000;
/** Load balancers ask often; the database is asked this often at most. */
const HOLDS_MS = 500;
const NO_DOCUMENT = { tenant: 'readyz', room: 'readyz', document: 'readyz' };

/** Says whether a node can serve: whether its database answers, and whether it is about to stop. */
export class Readiness {
  private readonly log: UpdateLog;
  private readonly scheduler: Scheduler;
  private latest: { readonly atMs: number; readonly state: Promise<ReadinessState> } | undefined;
  private isDraining = false;

  constructor(log: UpdateLog, scheduler: Scheduler) {
    this.log = log;
    this.scheduler = scheduler;
  }

  /** From now on nobody should be sent here. */
  drain(): void {
    this.isDraining = true;
  }

  async check(): Promise<ReadinessState> {
    if (this.isDraining) return 'draining';
    const nowMs = this.scheduler.elapsedMs();
    if (!this.latest || nowMs - this.latest.atMs > HOLDS_MS) this.latest = { atMs: nowMs, state: this.askDatabase() };
    const state = await this.latest.state;
    return this.isDraining ? 'draining' : state;
  }

  private async askDatabase(): Promise<ReadinessState> {
    const answer = this.log.readHeads([NO_DOCUMENT]).then(
      () => 'ready' as const,
      () => 'no-database' as const,
    );
    const silence = new Promise<ReadinessState>((resolve) => {
      const timer = this.scheduler.schedule(() => resolve('no-database'), ANSWER_WITHIN_MS);
      void answer.then(() => timer.dispose());
    });
    return Promise.race([answer, silence]);
  }
}
