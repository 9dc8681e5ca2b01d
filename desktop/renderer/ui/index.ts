export type { Answer } from './outcome.ts';
export { type Observable, ObservableValue } from './observable.ts';
export { type RenderedWorkbench, renderWorkbench } from './render-workbench.tsx';
export type {
  AccessLoss,
  AccessModel,
  AccessOverview,
  OverviewState,
  ProposalTexts,
  ProposalView,
  StandingView,
} from './access-model.ts';
export type {
  AuthorView,
  ChatModel,
  CommentsModel,
  CommentZone,
  EntryView,
  TalkDelivery,
  ThreadView,
} from './talk-model.ts';
export type {
  ConnectionModel,
  CreateFileOutcome,
  EditorAction,
  EditorHandle,
  EditorHost,
  EditorStatus,
  FileProblem,
  FileState,
  LayoutModel,
  NotificationsModel,
  NotificationView,
  Outcome,
  ParticipantView,
  PendingJoin,
  Platform,
  ProblemAction,
  RecentFolder,
  RoomModel,
  SavedLayout,
  SettingsModel,
  WorkbenchModel,
  WorkspaceFile,
  WorkspaceModel,
  WorkspaceState,
} from './workbench-model.ts';
