import type { IDockviewPanelHeaderProps } from 'dockview-react';
import type { ReactElement } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { AUDIT_COMPONENT, CHANGE_COMPONENT, MIRROR_COMPONENT, STORAGE_COMPONENT } from './editor-area.ts';
import { useTabInSight } from './use-tab-in-sight.ts';

const PAGE_ICONS: ReadonlyMap<string, string> = new Map([
  [AUDIT_COMPONENT, 'history'],
  [STORAGE_COMPONENT, 'database'],
  [CHANGE_COMPONENT, 'git-compare'],
  [MIRROR_COMPONENT, 'folder'],
]);

/** The tab of a page that is no file. */
export function PageTab({ api }: IDockviewPanelHeaderProps): ReactElement {
  const title = api.title ?? '';
  const element = useTabInSight(api);
  return (
    <div ref={element} className="editor-tab" title={title}>
      <span className="file-icon">
        <Icon name={PAGE_ICONS.get(api.component) ?? 'git-pull-request'} />
      </span>
      <span className="editor-tab-name">
        <bdi>{title}</bdi>
      </span>
      <button
        type="button"
        className="editor-tab-close"
        aria-label={`Close ${title}`}
        tabIndex={-1}
        onPointerDown={(event) => event.stopPropagation()}
        onClick={(event) => {
          event.stopPropagation();
          api.close();
        }}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
