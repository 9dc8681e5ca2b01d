import { S3ServiceException } from '@aws-sdk/client-s3';
import { LogFailure, type LogFailureCode } from '../log-failure.ts';

/** What the store was asked for, and where. */
export interface S3Request {
  /** Such as `A snapshot cannot be written to …`, with a full stop. */
  readonly what: string;
  readonly bucket: string;
  /** The address that was asked; undefined for Amazon's own. */
  readonly endpoint: string | undefined;
}

const DENIED = new Set([
  'AccessDenied',
  'AllAccessDisabled',
  'AccountProblem',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
]);
const WITHOUT_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError']);

/** Runs `work` and turns what the S3 client throws into a {@link LogFailure} for the operator. */
export async function guardS3<T>(request: S3Request, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LogFailure) throw error;
    const { code, advice } = explain(request, error);
    throw new LogFailure(code, `${request.what} ${advice}`, { cause: error });
  }
}

/** Whether the answer was that there is no such object. */
export function isMissingObject(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'NoSuchKey';
}

function explain({ bucket, endpoint }: S3Request, error: unknown): { code: LogFailureCode; advice: string } {
  const where = endpoint ?? "Amazon's S3";
  const name = error instanceof Error ? error.name : '';
  const message = error instanceof Error ? error.message || codeOf(error) : String(error);
  if (WITHOUT_CREDENTIALS.has(name)) {
    return { code: 'permission', advice: `There are no credentials for ${where} (${message}). Configure them.` };
  }
  if (/region is missing/i.test(message)) {
    return {
      code: 'permission',
      advice: `The region of ${where} is not known. Name it: ?region=REGION in the address.`,
    };
  }
  if (!(error instanceof S3ServiceException) || error.$metadata.httpStatusCode === undefined) {
    return {
      code: 'busy',
      advice: `${where} cannot be reached or gives no answer in time (${message}).`,
    };
  }
  const status = error.$metadata.httpStatusCode;
  if (name === 'NoSuchBucket') {
    return { code: 'permission', advice: `There is no bucket ${bucket} at ${where}. Make it, or name another.` };
  }
  if (name === 'NoSuchKey') return { code: 'corrupted', advice: 'It is missing.' };
  if (DENIED.has(name) || status === 401 || status === 403) {
    return {
      code: 'permission',
      advice: `${where} denies access to the bucket ${bucket} (${name}: ${message}). Check the credentials and their policy.`,
    };
  }
  if (name === 'QuotaExceeded' || name === 'XMinioStorageFull' || status === 507) {
    return {
      code: 'full',
      advice: `The bucket ${bucket} at ${where} is full (${message}). Make room or raise its quota.`,
    };
  }
  if (status >= 500 || status === 429) {
    return { code: 'busy', advice: `${where} is overloaded or out of order (${status} ${name}).` };
  }
  return { code: 'failed', advice: `${where} answered with ${status} ${name}: ${message}` };
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}
