/** What a build of the page consists of. */
export interface PageBuild {
  /** Differs from that of every other build. */
  readonly version: string;
  /** The integrity of each file, such as `sha256-…`, by its path below the scope. */
  readonly files: Readonly<Record<string, string>>;
}

export interface PageStoreOptions {
  readonly caches: CacheStorage;
  /** The address below which the relay serves, with a slash at the end. */
  readonly scope: string;
  readonly build: PageBuild;
  /** Rejects unless the file has the given integrity. */
  readonly fetchFile: (url: string, integrity: string) => Promise<Response>;
}

/** Names of the caches with files of the page begin with it. */
export const PAGE_CACHE_PREFIX = 'tutti-page ';
const SHELL = 'browser.html';
/** Of other builds, so many that are not whole are kept: a relay may go back to one. */
const KEPT_UNFINISHED = 1;

/**
 * The files of the page in this browser, a cache for each build. The HTML is under one key, whatever room it was opened
 * for; it is put in last, and taken out of the other caches then, with a mark in its place: where it is found, all is that
 * it needs, and a cache with neither is not whole.
 */
export class PageStore {
  private readonly options: PageStoreOptions;
  private readonly prefix: string;
  private readonly cacheName: string;
  private readonly shellUrl: string;
  /** No page or file is asked for by it. */
  private readonly markUrl: string;

  constructor(options: PageStoreOptions) {
    const { scope, build } = options;
    this.options = options;
    this.prefix = `${PAGE_CACHE_PREFIX}${scope} `;
    this.cacheName = this.prefix + build.version;
    this.shellUrl = scope + SHELL;
    this.markUrl = `${this.shellUrl}?was-whole`;
  }

  /**
   * Stores the files of this build. Rejects when it could not store all; what came before the network failed is there
   * for the next try, but nothing that is not whole is kept where there is no space, or beside a newer build that is.
   */
  async fill(): Promise<void> {
    const { caches, scope, build } = this.options;
    await this.removeUnfinished(KEPT_UNFINISHED);
    const cache = await caches.open(this.cacheName);
    try {
      // One after the other: the page itself is loading, too.
      for (const [path, integrity] of Object.entries(build.files)) {
        if (path !== SHELL && !(await cache.match(scope + path))) await this.put(cache, scope + path, integrity);
      }
      await this.put(cache, this.shellUrl, build.files[SHELL] ?? '');
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError') {
        await caches.delete(this.cacheName);
        await this.removeUnfinished(0);
      }
      throw error;
    }
    // As when an older worker has just become active.
    if (!(await caches.has(this.cacheName))) throw new Error('The files of the page were removed while they came in.');
    await this.removeUnfinished(0);
    for (const other of await this.listOthers()) await this.takeOutShell(other);
  }

  /** The HTML of the newest build that is stored as a whole. */
  findShell(): Promise<Response | undefined> {
    return this.find(this.shellUrl);
  }

  /** A file of any build: pages of an earlier one may be open. */
  findAsset(url: string): Promise<Response | undefined> {
    return this.find(url);
  }

  /** Removes what is stored of other builds. */
  async removeOthers(): Promise<void> {
    for (const other of await this.listOthers()) await this.options.caches.delete(other);
  }

  /** Removes other builds that are not whole, but for the `kept` that were begun last. */
  private async removeUnfinished(kept: number): Promise<void> {
    const { caches } = this.options;
    const unfinished: string[] = [];
    for (const name of await this.listOthers()) {
      const cache = await caches.open(name);
      if (!(await cache.match(this.shellUrl)) && !(await cache.match(this.markUrl))) unfinished.push(name);
    }
    for (const name of unfinished.slice(0, Math.max(0, unfinished.length - kept))) await caches.delete(name);
  }

  private async takeOutShell(name: string): Promise<void> {
    const cache = await this.options.caches.open(name);
    await cache.put(this.markUrl, new Response());
    await cache.delete(this.shellUrl);
  }

  private find(url: string): Promise<Response | undefined> {
    // What a proxy says that its answers vary with does not count: the files are the same for everybody. What cannot be
    // read is asked of the relay.
    return this.options.caches.match(url, { ignoreVary: true }).catch(() => undefined);
  }

  private async put(cache: Cache, url: string, integrity: string): Promise<void> {
    await cache.put(url, await this.options.fetchFile(url, integrity));
  }

  private async listOthers(): Promise<readonly string[]> {
    const names = await this.options.caches.keys();
    return names.filter((name) => name.startsWith(this.prefix) && name !== this.cacheName);
  }
}
