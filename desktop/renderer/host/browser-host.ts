import { parseShareLink } from '../../../shared/access/index.ts';
import { Emitter } from '../../../shared/lifecycle/index.ts';
import type { AttachmentPort } from '../../../shared/sync/attachment/index.ts';
import type { EventChannel, EventChannels, InvokeChannel, InvokeChannels, Outcome, TuttiApi } from '../../ipc/index.ts';
import { BrowserRoom } from './browser-room.ts';
import { platformOf } from './platform.ts';
import type { WorkbenchHost } from './workbench-host.ts';

const NAME_KEY = 'tutti.name';
const JOINED_KEY = 'tutti.joined';
const DESKTOP_ONLY = 'A browser cannot do that. Open the link in the Tutti app instead.';

type Answers = {
  readonly [C in InvokeChannel]: (request: InvokeChannels[C]['request']) => Promise<InvokeChannels[C]['response']>;
};

/** The host of a guest's page: the engine runs in the page, and the room is the one in the page's address. */
export function createBrowserHost(): WorkbenchHost {
  const host = new BrowserHost();
  const api: TuttiApi = {
    invoke: (channel, request) => host.answers[channel](request),
    on: (channel, listener) => {
      const subscription = host.events[channel].event(listener);
      return () => subscription.dispose();
    },
  };
  return { kind: 'browser', api, onSessionPort: host.sessionPort.event };
}

class BrowserHost {
  readonly sessionPort = new Emitter<AttachmentPort>();
  readonly events: { readonly [C in EventChannel]: Emitter<EventChannels[C]> } = {
    'workspace:status': new Emitter(),
    'workspace:recent-folders': new Emitter(),
    problem: new Emitter(),
    command: new Emitter(),
    'join-requested': new Emitter(),
  };
  private current: BrowserRoom | undefined;

  readonly answers: Answers = {
    'window:ready': async () => {
      const link = parseShareLink(window.location.href);
      const personName = window.localStorage.getItem(NAME_KEY) ?? '';
      const wasHere = link.ok && window.sessionStorage.getItem(JOINED_KEY) === link.link.room;
      if (wasHere && personName !== '') {
        const joined = await this.join(window.location.href, personName);
        if (joined.ok) return this.start(personName, undefined);
      }
      const isJoinPage = window.location.pathname.includes('/join/');
      return this.start(personName, isJoinPage ? window.location.href : undefined);
    },
    'room:join': async ({ link, name }) => this.join(link, name),
    'room:leave': async () => {
      await this.leave();
      this.events['workspace:status'].fire({ kind: 'none' });
      return { ok: true, value: true };
    },
    'room:create-link': async ({ role }) =>
      this.current ? this.current.createLink(role) : { ok: false, explanation: 'No room is open.' },
    'settings:person-name': async ({ name }) => {
      window.localStorage.setItem(NAME_KEY, name);
      return { ok: true, value: true };
    },
    'clipboard:write': async ({ text }) => {
      try {
        await navigator.clipboard.writeText(text);
        return { ok: true, value: true };
      } catch (error) {
        return { ok: false, explanation: `The browser does not let this page copy: ${String(error)}` };
      }
    },
    'folder:choose': async () => ({ ok: false, explanation: DESKTOP_ONLY }),
    'folder:open-recent': async () => ({ ok: false, explanation: DESKTOP_ONLY }),
    'folder:reveal': async () => ({ ok: false, explanation: DESKTOP_ONLY }),
    'problem:dismiss': async () => ({ ok: true, value: false }),
    'mirror:retry': async () => ({ ok: true, value: false }),
  };

  private start(personName: string, joinLink: string | undefined): InvokeChannels['window:ready']['response'] {
    const status = this.current
      ? ({ kind: 'open', room: this.current.room, folderPath: undefined, isOwner: this.current.isOwner } as const)
      : ({ kind: 'none' } as const);
    return { status, personName, recentFolders: [], platform: platformOf(navigator.userAgent), joinLink };
  }

  private async join(value: string, name: string): Promise<Outcome<boolean>> {
    const parsed = parseShareLink(value);
    if (!parsed.ok) return parsed;
    const { relayUrl, room } = parsed.link;
    if (relayUrl !== window.location.origin) {
      return {
        ok: false,
        explanation: `This page belongs to another relay. Open the link itself: ${relayUrl}/join/${room}`,
      };
    }
    await this.leave();
    const joined = await BrowserRoom.join(parsed.link, name);
    if (!joined.ok) return joined;
    this.current = joined.value;
    window.localStorage.setItem(NAME_KEY, name);
    window.sessionStorage.setItem(JOINED_KEY, room);
    const { isOwner } = this.current;
    this.events['workspace:status'].fire({ kind: 'open', room, folderPath: undefined, isOwner });
    this.sessionPort.fire(this.current.attach());
    return { ok: true, value: true };
  }

  private async leave(): Promise<void> {
    const room = this.current;
    this.current = undefined;
    window.sessionStorage.removeItem(JOINED_KEY);
    await room?.leave();
  }
}
