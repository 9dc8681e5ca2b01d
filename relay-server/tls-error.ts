const TLS_CODES = /^(ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA)|^EPROTO$/;

/** Whether a connection failed since the certificate was not accepted, or the TLS handshake was not understood. */
export function isTlsError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && TLS_CODES.test(String(error.code));
}
