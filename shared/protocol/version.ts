/** Version of the wire protocol. Raise it with every change of the wire schema (SPEC.md, chapter VH). */
export const PROTOCOL_VERSION = 4;

/** The oldest version that this build still speaks. */
export const OLDEST_PROTOCOL_VERSION = 1;

/** The client takes `access` (SPEC AC). */
export const ACCESS_FEATURE = 'access';

/** The client asks where documents stand without opening them by `compare` (SPEC HD). */
export const COMPARE_FEATURE = 'compare';

/** The client says, and hears, what copies of documents are by `digest` and `digests` (SPEC DG). */
export const DIGEST_FEATURE = 'digest';

/** The client can inflate `deflated-sync` (SPEC CP). */
export const DEFLATE_FEATURE = 'deflate';
