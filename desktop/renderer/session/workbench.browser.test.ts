import { expect, it, onTestFinished } from 'vitest';
import { Emitter } from '../../../shared/lifecycle/index.ts';
import { type AttachmentPort, createDirectPorts } from '../../../shared/sync/attachment/index.ts';
import type {
  EventChannel,
  EventChannels,
  InvokeChannel,
  InvokeRequest,
  InvokeResponse,
  ProblemReport,
  TuttiApi,
  WorkspaceStatus,
} from '../../ipc/index.ts';
import { Workbench } from './workbench.ts';

type Answers = { readonly [C in InvokeChannel]: (request: InvokeRequest<C>) => Promise<InvokeResponse<C>> };

const FAILED: ProblemReport = {
  id: 'file:f',
  fileId: 'f',
  severity: 'error',
  title: 'The disk is full.',
  detail: 'Free some space.',
  canRetry: true,
};
const TOLD: ProblemReport = { ...FAILED, id: 'met:g', fileId: 'g', title: 'It was different.', canRetry: false };

function openStatus(room: string): WorkspaceStatus {
  return { kind: 'open', room, folderPath: '/f', isOwner: true };
}

/** A host that the test speaks for. */
class TestHost {
  readonly events: { readonly [C in EventChannel]: Emitter<EventChannels[C]> } = {
    'workspace:status': new Emitter(),
    'workspace:recent-folders': new Emitter(),
    problem: new Emitter(),
    'mirror:state': new Emitter(),
    'blob:transfers': new Emitter(),
    'history:posted': new Emitter(),
    command: new Emitter(),
    'join-requested': new Emitter(),
    'join-waiting': new Emitter(),
  };
  readonly ports = new Emitter<AttachmentPort>();
  readonly dismissed: string[] = [];
  private readonly answers: Answers;

  /** `enter` runs when the window says that it is ready, before it is answered. */
  constructor(status: WorkspaceStatus, enter: (host: TestHost) => void) {
    const no = async () => ({ ok: false, explanation: 'no' }) as const;
    const done = async () => ({ ok: true, value: true }) as const;
    this.answers = {
      'window:ready': async () => {
        enter(this);
        return { status, personName: 'Ana', recentFolders: [], platform: 'linux', joinLink: undefined };
      },
      'problem:dismiss': async ({ id }) => {
        this.dismissed.push(id);
        return done();
      },
      'room:cancel-join': done,
      'access:create-link': no,
      'access:list-links': no,
      'access:read-link': no,
      'access:revoke': done,
      'access:list-people': no,
      'access:set-role': no,
      'access:read-settings': no,
      'access:write-settings': done,
      'access:list-join-requests': no,
      'access:decide-join-request': done,
      'access:list-audit': no,
      'history:list-events': no,
      'history:list-event-documents': no,
      'blob:read': no,
      'blob:read-whole': no,
      'blob:save-copy': no,
      'access:export-audit': no,
      'access:list-proposals': no,
      'access:read-proposal': no,
      'access:settle-proposal': done,
      'edits:propose': no,
      'edits:read-unsent': no,
      'file:save': done,
      'folder:choose': done,
      'folder:open-recent': done,
      'room:open-untitled': done,
      'room:join': done,
      'room:leave': done,
      'mirror:retry': done,
      'mirror:choose-folder': no,
      'mirror:review': no,
      'mirror:read-difference': no,
      'mirror:start': no,
      'mirror:cancel': no,
      'mirror:stop': no,
      'mirror:show-backup': no,
      'mirror:show-file': no,
      'mirror:show-folder': no,
      'storage:list': no,
      'storage:current': no,
      'storage:forget': no,
      'storage:open': no,
      'window:new': no,
      'settings:person-name': done,
      'clipboard:write': done,
      'folder:reveal': done,
    };
  }

  async startWorkbench(): Promise<Workbench> {
    const api: TuttiApi = {
      invoke: (channel, request) => this.answers[channel](request),
      on: (channel, listener) => {
        const subscription = this.events[channel].event(listener);
        return () => subscription.dispose();
      },
    };
    const host = { kind: 'electron', api, onSessionPort: this.ports.event, shareLink: () => undefined } as const;
    const workbench = new Workbench(host, 'linux');
    onTestFinished(() => workbench.dispose());
    await workbench.start();
    return workbench;
  }

  sendPort(): void {
    const [engine, window] = createDirectPorts();
    onTestFinished(() => engine.dispose());
    this.ports.fire(window);
  }
}

function notices(workbench: Workbench): readonly string[] {
  return workbench.notifications.items.get().map(({ id }) => id);
}

/** Watches a file, as its editor does; the result reads what the editor says of it. */
function watchBanner(workbench: Workbench, fileId: string): () => string | undefined {
  const state = workbench.editors.fileState(fileId);
  const watching = state.subscribe(() => {});
  onTestFinished(() => watching.dispose());
  return () => state.get().problem?.message;
}

it('what was told about a room goes with it, and what comes before its port stays', async () => {
  const host = new TestHost(openStatus('a'), () => {
    host.events.problem.fire(FAILED);
    host.sendPort();
  });
  const workbench = await host.startWorkbench();
  expect(notices(workbench)).toEqual(['file:f']);
  workbench.notifications.show({ id: 'own', severity: 'info', title: 'Mine', detail: undefined, actions: [] });
  host.events.problem.fire(TOLD);
  host.events['workspace:status'].fire(openStatus('b'));
  expect(notices(workbench)).toEqual(['own']);
  host.events.problem.fire({ ...TOLD, id: 'met:b' });
  host.sendPort();
  expect(notices(workbench)).toEqual(['own', 'met:b']);
  host.events['workspace:status'].fire({ kind: 'none' });
  expect(notices(workbench)).toEqual(['own']);
});

it('a file shows what is wrong with it, not what has happened to it', async () => {
  const host = new TestHost(openStatus('a'), () => host.sendPort());
  const workbench = await host.startWorkbench();
  const [failed, told] = [watchBanner(workbench, 'f'), watchBanner(workbench, 'g')];
  host.events.problem.fire(FAILED);
  host.events.problem.fire(TOLD);
  expect(failed()).toContain('The disk is full.');
  expect(told()).toBeUndefined();
  host.events.problem.fire({ ...FAILED, isResolved: true });
  expect(failed()).toBeUndefined();
});

it('the host hears what a person has put away, so that it is not shown again', async () => {
  const host = new TestHost(openStatus('a'), () => host.sendPort());
  const workbench = await host.startWorkbench();
  host.events.problem.fire(TOLD);
  workbench.notifications.show({ id: 'own', severity: 'info', title: 'Mine', detail: undefined, actions: [] });
  workbench.notifications.dismiss('own');
  workbench.notifications.dismiss(TOLD.id);
  expect(host.dismissed).toEqual([TOLD.id]);
  expect(notices(workbench)).toEqual([]);
});
