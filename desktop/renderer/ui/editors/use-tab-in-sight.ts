import type { IDockviewPanelHeaderProps } from 'dockview-react';
import { type RefObject, useEffect, useRef } from 'react';

/**
 * Keeps the tab that is shown in its group within sight. The docking component scrolls to it, but before it is drawn, when
 * its width is not known. The result goes to the tab's content.
 */
export function useTabInSight(api: IDockviewPanelHeaderProps['api']): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const tab = element.current?.closest<HTMLElement>('.dv-tab');
    const list = tab?.closest('.dv-tabs-container');
    if (!tab || !list) return undefined;
    const reveal = () => {
      if (api.isVisible) tab.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    };
    // The list is as wide as the group lets it be.
    const sizes = new ResizeObserver(reveal);
    sizes.observe(tab);
    sizes.observe(list);
    const shown = api.onDidVisibilityChange(reveal);
    return () => {
      sizes.disconnect();
      shown.dispose();
    };
  }, [api]);
  return element;
}
