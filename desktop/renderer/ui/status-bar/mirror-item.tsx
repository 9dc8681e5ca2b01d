import type { ReactElement } from 'react';
import type { MirrorState } from '../mirror-model.ts';
import { Icon } from '../primitives/icon.tsx';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { StatusItem } from './status-item.tsx';

/** The folder that mirrors the room. */
export function MirrorItem(): ReactElement | null {
  const { model, commands } = useServices();
  const state = useObservable(model.mirror.state);
  if (state.kind === 'none') return null;
  const folder = state.kind === 'asking' ? state.preview.folder : state.folder;
  const { note, icon, tone } = describe(state);
  const name = folder.split(/[\\/]/).findLast((segment) => segment !== '') ?? folder;
  const title = `${note}\n${folder}`;
  return (
    <StatusItem
      className={`status-${tone}`}
      label={`${note}: ${folder}`}
      title={title}
      onPress={() => commands.run('mirror.show')}
    >
      <Icon name={icon} isSpinning={icon === 'loading'} />
      <span className="ellipsis">
        <bdi>{name}</bdi>
      </span>
    </StatusItem>
  );
}

function describe(state: Exclude<MirrorState, { kind: 'none' }>): {
  readonly note: string;
  readonly icon: string;
  readonly tone: 'normal' | 'warning' | 'error';
} {
  switch (state.kind) {
    case 'reading':
    case 'starting':
      return { note: 'The folder is being compared with the room', icon: 'loading', tone: 'normal' };
    case 'asking':
      if (state.isReview) return { note: 'You are looking at what is not shared', icon: 'folder', tone: 'normal' };
      return { note: 'The folder is not mirrored until you have looked at it', icon: 'question', tone: 'warning' };
    case 'failed':
      return { note: 'The folder cannot be mirrored', icon: 'error', tone: 'error' };
    case 'running':
      return state.heldCount + state.unsharedCount > 0
        ? {
            note: 'The room is mirrored to this folder; some of its files are not shared',
            icon: 'folder',
            tone: 'normal',
          }
        : { note: 'The room is mirrored to this folder', icon: 'folder', tone: 'normal' };
  }
}
