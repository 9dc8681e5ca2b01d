/** Version of the wire protocol. Raise it with every change of the wire schema (SPEC.md, chapter VH). */
export const PROTOCOL_VERSION = 1;

/** The oldest version that this build still speaks. */
export const OLDEST_PROTOCOL_VERSION = 1;
