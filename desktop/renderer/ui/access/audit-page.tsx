import { type ReactElement, useCallback, useEffect, useMemo, useState } from 'react';
import type { AuditEntry } from '../../../../shared/sync/administration/index.ts';
import { useKnownPeople, useOverview } from '../people/use-known-people.ts';
import { Icon } from '../primitives/icon.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { filesById } from '../workbench/use-file.ts';
import { listedFiles } from '../workbench/workspace-files.ts';
import { collectAuditNames } from './audit-names.ts';
import { type AuditNames, describeAuditEntry } from './audit-text.ts';
import { describeExactTime, describeTime } from './times.ts';
import './access.css';

const PAGE = 100;

interface Audit {
  readonly entries: readonly AuditEntry[];
  readonly isLoading: boolean;
  /** Whether the relay may have older ones. */
  readonly hasMore: boolean;
  readonly explanation: string | undefined;
}

const START: Audit = { entries: [], isLoading: true, hasMore: false, explanation: undefined };

/** What happened to the room's access, newest first. */
export function AuditPage(): ReactElement {
  const { model, state } = useServices();
  const canManage = useObservable(model.access.canManage);
  const { audit, load } = useAudit();
  const exportAll = async () =>
    state.reportOutcome('The access log was not exported.', await model.access.exportAudit());
  if (!canManage) return <p className="form-note access-page">Only owners of the room see its access log.</p>;
  return (
    <div className="access-page">
      <header className="access-page-header">
        <h2 className="access-page-title">Who was let in, put out, and given which role, newest first</h2>
        <button
          type="button"
          className="button button-secondary"
          disabled={audit.isLoading}
          onClick={() => load(undefined)}
        >
          Refresh
        </button>
        <button type="button" className="button button-secondary" onClick={() => void exportAll()}>
          Export…
        </button>
      </header>
      <div className="access-page-body" tabIndex={0} aria-busy={audit.isLoading}>
        <AuditTable audit={audit} />
        {audit.explanation !== undefined && (
          <p className="form-error" role="alert">
            {audit.explanation}
          </p>
        )}
        {audit.isLoading && (
          <p className="form-note" role="status">
            <Icon name="loading" isSpinning /> Asking the relay…
          </p>
        )}
        {audit.hasMore && !audit.isLoading && (
          <div className="audit-more">
            <button type="button" className="button button-secondary" onClick={() => load(audit.entries.at(-1)?.seq)}>
              Load More
            </button>
          </div>
        )}
      </div>
    </div>
  );
}

function AuditTable({ audit }: { readonly audit: Audit }): ReactElement | null {
  const names = useNames(audit.entries);
  if (audit.entries.length === 0) {
    return audit.isLoading || audit.explanation !== undefined ? null : <p className="form-note">Nothing yet.</p>;
  }
  return (
    <table className="audit-table">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">What</th>
        </tr>
      </thead>
      <tbody>
        {audit.entries.map((entry) => (
          <AuditRow key={entry.seq} entry={entry} names={names} />
        ))}
      </tbody>
    </table>
  );
}

function AuditRow({ entry, names }: { readonly entry: AuditEntry; readonly names: AuditNames }): ReactElement {
  const { atMs, actor, actorName, target } = entry;
  const { what, about } = describeAuditEntry(entry, names);
  const note = names.noteOf(actor);
  const who = note === undefined ? actorName : `${actorName} (${note})`;
  return (
    <tr>
      <td>
        <time dateTime={new Date(atMs).toISOString()} title={describeExactTime(atMs)}>
          {describeTime(atMs)}
        </time>
      </td>
      <td className="audit-who ellipsis" title={actor === '' ? who : `${who}\n${actor}`}>
        {who === '' ? '–' : <bdi>{who}</bdi>}
      </td>
      <td title={target}>
        {what}
        {about !== '' && (
          <>
            : <bdi>{about}</bdi>
          </>
        )}
      </td>
    </tr>
  );
}

function useNames(entries: readonly AuditEntry[]): AuditNames {
  const { model } = useServices();
  const overview = useOverview();
  const people = useKnownPeople();
  const files = filesById(listedFiles(useObservable(model.workspace.state)));
  return useMemo(
    () => collectAuditNames({ entries, overview, people, pathOf: (fileId) => files.get(fileId)?.path }),
    [entries, overview, people, files],
  );
}

function useAudit(): { readonly audit: Audit; load(beforeSeq: number | undefined): void } {
  const { model } = useServices();
  const [audit, setAudit] = useState(START);
  const ask = useCallback(
    (beforeSeq: number | undefined) =>
      void model.access.listAudit(beforeSeq, PAGE).then((page) => {
        setAudit((before) => {
          if (!page.ok) return { ...before, isLoading: false, explanation: page.explanation };
          const entries = beforeSeq === undefined ? page.value : [...before.entries, ...page.value];
          return { entries, isLoading: false, hasMore: page.value.length === PAGE, explanation: undefined };
        });
      }),
    [model],
  );
  useEffect(() => ask(undefined), [ask]);
  const load = (beforeSeq: number | undefined) => {
    setAudit((before) => ({ ...before, isLoading: true, explanation: undefined }));
    ask(beforeSeq);
  };
  return { audit, load };
}
