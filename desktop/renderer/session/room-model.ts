import { type Disposable, DisposableStore } from '../../../shared/lifecycle/index.ts';
import { decodePresenceState } from '../../../shared/workspace/index.ts';
import type { TuttiApi } from '../../ipc/index.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';
import type { Outcome, OwnPerson, ParticipantView, RoomModel } from '../ui/workbench-model.ts';
import { observeEach, updateOn } from './observe.ts';
import type { OpenRoom } from './open-room.ts';
import { askHost } from './ask-host.ts';
import { rememberedIdentity } from './own-identity.ts';
import { absentColor, colorsInRoom } from './participant-colors.ts';

const NOBODY: readonly ParticipantView[] = [];

/** Who is in the open room. */
export class OpenRoomModel implements RoomModel, Disposable {
  readonly participants = new ObservableValue<readonly ParticipantView[]>(NOBODY);
  readonly ownPerson = new ObservableValue<OwnPerson | undefined>(undefined);
  private readonly disposables = new DisposableStore();
  private readonly api: TuttiApi;
  private readonly room: Observable<OpenRoom | undefined>;
  private readonly activeFileId: Observable<string | undefined>;

  /** `activeFileId` is what this window shows in its active editor. */
  constructor(room: Observable<OpenRoom | undefined>, api: TuttiApi, activeFileId: Observable<string | undefined>) {
    this.room = room;
    this.api = api;
    this.activeFileId = activeFileId;
    const update = () => this.update();
    this.disposables.add(
      observeEach(room, ({ session, onDidChangeFiles }) =>
        updateOn(
          update,
          (listener) => session.onDidChangeSelf(listener),
          (listener) => session.onDidChangeParticipants(listener),
          (listener) => onDidChangeFiles(listener),
        ),
      ),
    );
    this.disposables.add(room.subscribe(update));
    this.disposables.add(activeFileId.subscribe(update));
  }

  async leaveRoom(): Promise<Outcome> {
    return askHost(() => this.api.invoke('room:leave', undefined));
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private update(): void {
    const room = this.room.get();
    this.participants.set(room ? this.listParticipants(room) : NOBODY);
    this.ownPerson.set(room && findOwnPerson(room));
  }

  private listParticipants(room: OpenRoom): readonly ParticipantView[] {
    const { session, index } = room;
    const colors = colorsInRoom(room);
    const others = [...session.participants.values()].map((participant): ParticipantView => {
      const state = participant.state === undefined ? undefined : decodePresenceState(participant.state);
      const file = state?.fileId === undefined ? undefined : index.get(state.fileId);
      return {
        presenceId: String(participant.presenceId),
        subject: participant.subject,
        name: participant.name,
        role: participant.role,
        colorIndex: colors.get(participant.presenceId) ?? 0,
        isSelf: false,
        fileId: file?.fileId,
        activePath: file?.path,
      };
    });
    others.sort((a, b) => a.name.localeCompare(b.name) || a.presenceId.localeCompare(b.presenceId));
    const { self } = session;
    if (!self) return others;
    const activeFileId = this.activeFileId.get();
    const file = activeFileId === undefined ? undefined : index.get(activeFileId);
    const own: ParticipantView = {
      presenceId: String(self.presenceId),
      subject: self.subject,
      name: self.name,
      role: self.role,
      colorIndex: colors.get(self.presenceId) ?? 0,
      isSelf: true,
      fileId: file?.fileId,
      activePath: file?.path,
    };
    return [own, ...others];
  }
}

function findOwnPerson(room: OpenRoom): OwnPerson | undefined {
  const { self } = room.session;
  const who = self ?? rememberedIdentity(room.status.room);
  if (!who) return undefined;
  const { subject, name } = who;
  const color = self && colorsInRoom(room).get(self.presenceId);
  return { subject, name, colorIndex: color ?? absentColor(who) };
}
