import type { Disposable } from '../../../shared/lifecycle/index.ts';
import type { JoinRequest, JoinVerdict } from '../../../shared/sync/administration/index.ts';
import type { AccessModel } from '../ui/access-model.ts';
import { linkName } from '../ui/access/link-name.ts';
import type { NotificationView } from '../ui/workbench-model.ts';

export interface NoticeBoard {
  show(notification: NotificationView): void;
  remove(id: string): void;
}

/** Tells owners who wants to join, each once; who was answered elsewhere is taken down. */
export class JoinRequestNotices implements Disposable {
  private readonly access: AccessModel;
  private readonly board: NoticeBoard;
  private readonly subscription: Disposable;
  private told: ReadonlySet<string> = new Set();

  constructor(access: AccessModel, board: NoticeBoard) {
    this.access = access;
    this.board = board;
    this.subscription = access.overview.subscribe(() => this.update());
    this.update();
  }

  dispose(): void {
    this.subscription.dispose();
  }

  private update(): void {
    const state = this.access.overview.get();
    if (state.kind === 'failed' || state.kind === 'loading') return;
    const { requests, links } = state.kind === 'ready' ? state.overview : { requests: [], links: [] };
    const waiting = new Set(requests.map(({ requestId }) => requestId));
    for (const id of this.told) if (!waiting.has(id)) this.board.remove(noticeId(id));
    for (const request of requests) {
      if (this.told.has(request.requestId)) continue;
      const link = links.find(({ linkId }) => linkId === request.linkId);
      this.tell(request, link && linkName(link));
    }
    this.told = waiting;
  }

  private tell({ requestId, name }: JoinRequest, link: string | undefined): void {
    const id = noticeId(requestId);
    const decide = async (decision: JoinVerdict) => {
      const outcome = await this.access.decideJoinRequest(requestId, decision);
      if (outcome.ok) return;
      const title = `${name} could not be answered.`;
      this.board.show({ id, severity: 'error', title, detail: outcome.explanation, quoted: [name], actions: [] });
    };
    this.board.show({
      id,
      severity: 'info',
      title: `${name} wants to join`,
      detail: `They came by ${link === undefined ? 'a link' : `“${link}”`}, which needs approval. Names are what people say they are.`,
      quoted: [name, ...(link === undefined ? [] : [link])],
      actions: [
        { label: 'Deny', run: () => void decide('denied') },
        { label: 'Let In', run: () => void decide('approved') },
      ],
    });
  }
}

function noticeId(requestId: string): string {
  return `join-request:${requestId}`;
}
