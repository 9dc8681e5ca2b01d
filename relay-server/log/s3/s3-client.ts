import { S3Client } from '@aws-sdk/client-s3';

export interface S3Options {
  readonly bucket: string;
  /** Begins every object's key, such as `tutti/`; none when left out. */
  readonly prefix?: string;
  /** Address of an S3-compatible server; Amazon's own when left out. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Whether the bucket is named in the path and not in the host name, as most servers other than Amazon's want it. */
  readonly forcePathStyle?: boolean;
  /** When left out: where the AWS SDK looks for them, such as the environment or the role of the machine. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** How often a request is sent before its failure is final. */
  readonly maxAttempts?: number;
  readonly connectTimeoutMs?: number;
  /** How long an answer may take to begin. */
  readonly requestTimeoutMs?: number;
  /** How long a connection may stand still in the middle of a transfer. */
  readonly idleTimeoutMs?: number;
  /** Objects that one request for a list asks for. */
  readonly pageSize?: number;
}

/** Whoever makes it ends it with `destroy`. */
export function createS3Client(options: S3Options): S3Client {
  const { endpoint, region, forcePathStyle, credentials, maxAttempts = 3 } = options;
  const { connectTimeoutMs = 5_000, requestTimeoutMs = 60_000, idleTimeoutMs = 20_000 } = options;
  return new S3Client({
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(forcePathStyle !== undefined && { forcePathStyle }),
    ...(credentials !== undefined && { credentials }),
    maxAttempts,
    // Many S3-compatible servers know nothing of the newer checksums; the hash in the key checks more.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: idleTimeoutMs,
    },
  });
}
