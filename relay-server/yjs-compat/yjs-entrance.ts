import { type Disposable, DisposableStore } from '../../shared/lifecycle/index.ts';
import { CLOSE_CODES, type CloseCode, PROTOCOL_LIMITS } from '../../shared/protocol/index.ts';
import type { Admitted, Doorkeeper } from '../access/room-grant.ts';
import type { EndableConnection } from '../gateway/connection.ts';
import type { YjsUpgrade } from '../gateway/websocket-endpoint.ts';
import { RefusedConnection } from './refused-connection.ts';
import { YjsConnection, type YjsConnectionServices } from './yjs-connection.ts';

export interface YjsEntranceServices extends YjsConnectionServices {
  readonly doorkeeper: Doorkeeper;
}

type Refusal = { readonly kind: 'refused'; readonly closeCode: CloseCode; readonly explanation: string };
type Answer = Admitted | Refusal;

const ADMISSION_TIMEOUT_MS = 10_000;
const CANNOT_CHECK = refusal(CLOSE_CODES.tryAgainLater, 'The relay cannot check tokens now.');
const TENANT_IS_FULL = refusal(CLOSE_CODES.tryAgainLater, 'Too many people of your organisation are connected.');
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** Lets y-websocket clients in. */
export class YjsEntrance implements Disposable {
  private readonly services: YjsEntranceServices;
  private readonly connections: Set<EndableConnection>;
  private readonly owned = new DisposableStore();
  private closing: Refusal | undefined;

  /** Every connection is in `connections` as long as it has a socket. */
  constructor(services: YjsEntranceServices, connections: Set<EndableConnection>) {
    this.services = services;
    this.connections = connections;
  }

  /**
   * Checks a client's address and token before the first byte is read from its socket, then lets it into the room or
   * tells it why not.
   */
  accept(upgrade: YjsUpgrade): void {
    this.enter(upgrade).catch((error: unknown) => {
      this.services.reportProblem(error);
      upgrade.abandon();
    });
  }

  private async enter(upgrade: YjsUpgrade): Promise<void> {
    const answer = await this.answerTo(upgrade);
    if (this.owned.isDisposed) return upgrade.abandon();
    if (this.closing) this.refuse(upgrade, this.closing);
    else if (answer.kind === 'refused') this.refuse(upgrade, answer);
    else if (this.services.rooms.isFullFor(answer.grant)) this.refuse(upgrade, TENANT_IS_FULL);
    else this.admit(upgrade, answer);
  }

  /** From now on everybody is sent away. */
  close(closeCode: CloseCode, explanation: string): void {
    this.closing = refusal(closeCode, explanation);
  }

  /** Those who still wait for an answer get none. */
  dispose(): void {
    this.owned.dispose();
  }

  private admit(upgrade: YjsUpgrade, admitted: Admitted): void {
    const socket = upgrade.complete('admitted');
    if (!socket) return;
    const { services, connections } = this;
    const onEnded = () => connections.delete(connection);
    const connection: YjsConnection = new YjsConnection({
      socket,
      admitted,
      document: upgrade.document,
      services,
      onEnded,
    });
    connections.add(connection);
  }

  private refuse(upgrade: YjsUpgrade, { closeCode, explanation }: Refusal): void {
    const socket = upgrade.complete('refused');
    if (!socket) return;
    const { connections, services } = this;
    const { scheduler } = services;
    const onEnded = () => connections.delete(connection);
    const connection: RefusedConnection = new RefusedConnection({ socket, closeCode, explanation, scheduler, onEnded });
    connections.add(connection);
  }

  private async answerTo({ room, document, token, ipAddress }: YjsUpgrade): Promise<Answer> {
    const { scheduler } = this.services;
    if (!NAME.test(room) || !NAME.test(document)) {
      return refusal(CLOSE_CODES.roomNotFound, 'A room and a document have names of 1 to 64 letters, digits, - and _.');
    }
    if (token === '' || Buffer.byteLength(token) > PROTOCOL_LIMITS.maxTokenBytes) {
      return refusal(CLOSE_CODES.unauthenticated, 'The address needs a token: ?token=…');
    }
    return new Promise((resolve) => {
      const timer = this.owned.add(scheduler.schedule(() => resolve(CANNOT_CHECK), ADMISSION_TIMEOUT_MS));
      void this.admission(room, token, ipAddress).then((answer) => {
        this.owned.delete(timer);
        resolve(answer);
      });
    });
  }

  private async admission(room: string, token: string, ipAddress: string | undefined): Promise<Answer> {
    const { doorkeeper, reportProblem } = this.services;
    try {
      return await doorkeeper.admit(token, room, ipAddress);
    } catch (error) {
      reportProblem(error);
      return CANNOT_CHECK;
    }
  }
}

function refusal(closeCode: CloseCode, explanation: string): Refusal {
  return { kind: 'refused', closeCode, explanation };
}
