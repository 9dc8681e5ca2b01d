import type { MirrorChannels, Outcome } from '../../ipc/index.ts';

const refuse = async (): Promise<Outcome<never>> => ({
  ok: false,
  explanation: 'A browser has no folders. Open the link in the Tutti app instead.',
});

/** Answers to what is asked about the room's folder, where there can be none. */
export const NO_FOLDERS: {
  readonly [C in keyof MirrorChannels]: () => Promise<Outcome<never>>;
} = {
  'mirror:choose-folder': refuse,
  'mirror:review': refuse,
  'mirror:read-difference': refuse,
  'mirror:start': refuse,
  'mirror:cancel': refuse,
  'mirror:stop': refuse,
  'mirror:show-backup': refuse,
  'mirror:show-file': refuse,
  'mirror:show-folder': refuse,
};
