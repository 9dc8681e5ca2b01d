/** Version of the wire protocol. Raise it with every change of the wire schema (SPEC.md, chapter VH). */
export const PROTOCOL_VERSION = 3;

/** The oldest version that this build still speaks. */
export const OLDEST_PROTOCOL_VERSION = 1;

/** The client takes `access` (SPEC AC). */
export const ACCESS_FEATURE = 'access';

/** The client can inflate `deflated-sync` (SPEC CP). */
export const DEFLATE_FEATURE = 'deflate';
