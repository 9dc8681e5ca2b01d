import { Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Disposable, toDisposable } from '../../../shared/lifecycle/index.ts';
import { LogFailure } from '../log-failure.ts';
import type { ObjectsMark } from '../objects-claim.ts';
import { createS3Client, type S3Options } from './s3-client.ts';
import { guardS3, isMissingObject } from './s3-failure.ts';

const MAX_BYTES = 1024;

/** The mark as the object `PREFIX tutti-owner`; the keys of all others have more parts. Disposing ends its connections. */
export class S3Mark implements ObjectsMark, Disposable {
  private readonly options: S3Options;
  private readonly client: S3Client;
  private readonly owner: Disposable;

  constructor(options: S3Options) {
    this.options = options;
    this.client = createS3Client(options);
    this.owner = toDisposable(() => this.client.destroy());
  }

  async read(): Promise<string | undefined> {
    return this.guard(`The object ${this.objectKey} cannot be read.`, async () => {
      try {
        const { Body: body, ContentLength: byteLength = 0 } = await this.client.send(
          new GetObjectCommand({ Bucket: this.options.bucket, Key: this.objectKey }),
        );
        if (byteLength <= MAX_BYTES) return (await body?.transformToString()) ?? '';
        if (body instanceof Readable) body.destroy();
      } catch (error) {
        if (isMissingObject(error)) return undefined;
        throw error;
      }
      const { bucket } = this.options;
      throw new LogFailure('corrupted', `The object ${this.objectKey} in the bucket ${bucket} is not of a relay.`);
    });
  }

  async write(mark: string): Promise<void> {
    const body = Buffer.from(mark);
    const command = new PutObjectCommand({
      Bucket: this.options.bucket,
      Key: this.objectKey,
      Body: body,
      ContentLength: body.byteLength,
      ContentType: 'text/plain',
    });
    await this.guard(`The object ${this.objectKey} cannot be written.`, () => this.client.send(command));
  }

  dispose(): void {
    this.owner.dispose();
  }

  private get objectKey(): string {
    return `${this.options.prefix ?? ''}tutti-owner`;
  }

  private guard<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { bucket, endpoint } = this.options;
    return guardS3({ what, bucket, endpoint }, work);
  }
}
