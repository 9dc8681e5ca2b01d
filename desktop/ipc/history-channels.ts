import type { LabelsPage } from '../../shared/sync/administration/index.ts';
import type { Outcome } from './workspace-status.ts';

/** Requests of anybody in the open room about what happened in it. */
export interface HistoryChannels {
  /** `before` is the `next` of an earlier page; undefined for the newest. */
  'history:list-events': {
    readonly request: { readonly before: number | undefined; readonly limit: number };
    readonly response: Outcome<LabelsPage>;
  };
  /** Names of the documents that an event changed. */
  'history:list-event-documents': {
    readonly request: { readonly seq: number };
    readonly response: Outcome<readonly string[]>;
  };
}
