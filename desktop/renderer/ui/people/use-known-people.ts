import { useMemo } from 'react';
import type { AccessOverview } from '../access-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { KnownPeople } from './known-people.ts';

/** What owners know of their room, also while the relay is away; undefined for others. */
export function useOverview(): AccessOverview | undefined {
  const { model } = useServices();
  const state = useObservable(model.access.overview);
  return state.kind === 'ready' || state.kind === 'failed' ? state.overview : undefined;
}

/** Everybody whom owners know of; nobody for others. */
export function useKnownPeople(): KnownPeople {
  const overview = useOverview();
  return useMemo(() => new KnownPeople(overview?.people ?? [], overview?.links ?? []), [overview]);
}
