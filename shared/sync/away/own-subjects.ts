import type { AwayStore } from './away-store.ts';

const NOTE = 'subjects';
/** Of more, the ones from the longest time ago are forgotten. */
const MAX_SUBJECTS = 100;

/**
 * Who this device has been in the room: after an owner ended a session, whoever comes back by a link is somebody new to
 * the relay. It is kept across starts.
 */
export class OwnSubjects {
  private readonly store: AwayStore;
  private readonly onFailure: (error: unknown) => void;
  private readonly subjects = new Set<string>();
  private isRead = false;

  constructor(store: AwayStore, onFailure: (error: unknown) => void) {
    this.store = store;
    this.onFailure = onFailure;
  }

  /** Reads what earlier starts kept. Never rejects. */
  async load(): Promise<void> {
    try {
      const kept = decode((await this.store.read('note', NOTE))?.body ?? '[]');
      const [...since] = this.subjects;
      this.subjects.clear();
      for (const subject of [...kept, ...since]) this.subjects.add(subject);
      this.isRead = true;
      if (since.some((subject) => !kept.includes(subject))) this.write();
    } catch (error) {
      this.onFailure(error);
    }
  }

  has(subject: string): boolean {
    return this.subjects.has(subject);
  }

  /** The relay has let this device in as `subject`. */
  add(subject: string): void {
    if (this.subjects.has(subject)) return;
    this.subjects.add(subject);
    if (this.isRead) this.write();
  }

  private write(): void {
    const body = JSON.stringify([...this.subjects].slice(-MAX_SUBJECTS));
    this.store.write('note', { name: NOTE, summary: '', body }).catch(this.onFailure);
  }
}

/** Of a damaged note nothing is known. */
function decode(body: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(body);
    return Array.isArray(value) ? value.filter((subject): subject is string => typeof subject === 'string') : [];
  } catch {
    return [];
  }
}
