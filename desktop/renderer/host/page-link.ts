import { formatShareLink, type ShareLink } from '../../../shared/access/index.ts';

const KEY = 'tutti.link.';
const JOIN_PAGE = /^\/join\/([^/]+)\/?$/;

/**
 * The share link that a page was opened with. Once it was used, its secret is in the address no more, where others see
 * it who look at the screen or at the history; the tab keeps it, so that the page can be opened again.
 */
export class PageLink {
  private readonly page: Pick<Window, 'location' | 'history' | 'sessionStorage'>;

  constructor(page: Pick<Window, 'location' | 'history' | 'sessionStorage'> = window) {
    this.page = page;
  }

  /** The link, which may be damaged; undefined on a page of no room. */
  read(): string | undefined {
    const { href, origin, pathname, hash } = this.page.location;
    if (!pathname.includes('/join/')) return undefined;
    const room = JOIN_PAGE.exec(pathname)?.[1];
    const secret = room === undefined || hash !== '' ? null : this.page.sessionStorage.getItem(KEY + room);
    return room === undefined || secret === null ? href : formatShareLink({ relayUrl: origin, room, secret });
  }

  /** The room of an address without a secret, which this tab does not have either. */
  get roomWithoutLink(): string | undefined {
    const { pathname, hash } = this.page.location;
    const room = JOIN_PAGE.exec(pathname)?.[1];
    return room === undefined || hash !== '' || this.find(room) !== undefined ? undefined : room;
  }

  /** The link by which this tab was in a room before. */
  find(room: string): string | undefined {
    const secret = this.page.sessionStorage.getItem(KEY + room);
    return secret === null ? undefined : formatShareLink({ relayUrl: this.page.location.origin, room, secret });
  }

  /** Somebody is in the room by this link now. */
  hide({ room, secret }: ShareLink): void {
    const { sessionStorage, history } = this.page;
    try {
      sessionStorage.setItem(KEY + room, secret);
    } catch {
      // The address is the only way back in then.
      return;
    }
    history.replaceState(history.state, '', `/join/${room}`);
  }
}
