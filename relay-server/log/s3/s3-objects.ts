import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type Disposable, toDisposable } from '../../../shared/lifecycle/index.ts';
import { isNamedAfter } from '../content-hash.ts';
import { LogFailure } from '../log-failure.ts';
import type { ObjectKind, ObjectStore, StoredObject } from '../object-store.ts';
import type { DocumentKey } from '../update-log.ts';
import { createS3Client, type S3Options } from './s3-client.ts';
import { guardS3, isMissingObject } from './s3-failure.ts';

const DOWNLOAD_ATTEMPTS = 2;

/**
 * Objects `PREFIX TENANT/ROOM/DOCUMENT/ID` of a bucket, verified on every read. It asks for nothing beyond PUT, GET,
 * DELETE and LIST (version 2) of objects. Disposing ends its connections.
 */
export class S3Objects implements ObjectStore, Disposable {
  private readonly options: S3Options;
  private readonly kind: ObjectKind;
  private readonly client: S3Client;
  private readonly owner: Disposable;

  constructor(options: S3Options, kind: ObjectKind) {
    this.options = options;
    this.kind = kind;
    this.client = createS3Client(options);
    this.owner = toDisposable(() => this.client.destroy());
  }

  async write(key: DocumentKey, objectId: string, bytes: Uint8Array): Promise<void> {
    const objectKey = this.objectKeyOf(key, objectId);
    const command = new PutObjectCommand({
      ...this.bucket,
      Key: objectKey,
      Body: bytes,
      ContentLength: bytes.byteLength,
      ContentType: 'application/octet-stream',
    });
    await this.guard(`The ${this.kind.noun} ${objectKey} cannot be written.`, () => this.client.send(command));
  }

  async read(key: DocumentKey, objectId: string): Promise<Uint8Array> {
    const objectKey = this.objectKeyOf(key, objectId);
    const bytes = await this.guard(`The ${this.kind.noun} ${objectKey} cannot be read.`, () =>
      this.download(objectKey),
    );
    if (!isNamedAfter(objectId, bytes)) {
      throw new LogFailure(
        'corrupted',
        `The ${this.kind.noun} ${objectKey} in the bucket ${this.options.bucket} is damaged.`,
      );
    }
    return bytes;
  }

  async list(key: DocumentKey): Promise<readonly StoredObject[]> {
    const prefix = this.folderOf(key);
    const stored: StoredObject[] = [];
    let token: string | undefined;
    do {
      const page = await this.guard(`The ${this.kind.noun}s in ${prefix} cannot be listed.`, () =>
        this.client.send(
          new ListObjectsV2Command({
            ...this.bucket,
            Prefix: prefix,
            MaxKeys: this.options.pageSize,
            ContinuationToken: token,
          }),
        ),
      );
      for (const { Key: objectKey = '', LastModified: storedAt } of page.Contents ?? []) {
        const objectId = objectKey.slice(prefix.length);
        if (this.kind.isId(objectId)) stored.push({ objectId, storedAtMs: storedAt?.getTime() ?? Infinity });
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return stored;
  }

  async remove(key: DocumentKey, objectId: string): Promise<void> {
    const objectKey = this.objectKeyOf(key, objectId);
    await this.guard(`The ${this.kind.noun} ${objectKey} cannot be removed.`, async () => {
      try {
        await this.client.send(new DeleteObjectCommand({ ...this.bucket, Key: objectKey }));
      } catch (error) {
        // Some servers say so; for Amazon's it is no failure.
        if (!isMissingObject(error)) throw error;
      }
    });
  }

  dispose(): void {
    this.owner.dispose();
  }

  private get bucket() {
    return { Bucket: this.options.bucket };
  }

  private guard<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { bucket, endpoint } = this.options;
    return guardS3({ what, bucket, endpoint }, work);
  }

  private async download(objectKey: string): Promise<Uint8Array> {
    for (let attempt = 1; ; attempt++) {
      const command = new GetObjectCommand({ ...this.bucket, Key: objectKey });
      const { Body: body, ContentLength: byteLength = 0 } = await this.client.send(command);
      if (byteLength > this.kind.maxBytes) {
        if (body instanceof Readable) body.destroy();
        throw new LogFailure('corrupted', `The ${this.kind.noun} ${objectKey} is too large.`);
      }
      try {
        return body ? await body.transformToByteArray() : new Uint8Array(0);
      } catch (error) {
        // What breaks off in the middle of its bytes the client does not repeat by itself.
        if (attempt === DOWNLOAD_ATTEMPTS) throw error;
      }
    }
  }

  private objectKeyOf(key: DocumentKey, objectId: string): string {
    if (!this.kind.isId(objectId)) throw new LogFailure('corrupted', `${objectId} is not a ${this.kind.noun}'s id.`);
    return this.folderOf(key) + objectId;
  }

  private folderOf({ tenant, room, document }: DocumentKey): string {
    const path = [tenant, room, document].map(toKeyPart).join('/');
    return `${this.options.prefix ?? ''}${path}/`;
  }
}

// Nothing in a key may look like a path that goes up, whatever the server makes of it.
function toKeyPart(name: string): string {
  return encodeURIComponent(name).replaceAll('.', '%2E');
}
