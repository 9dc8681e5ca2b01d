/** What the files of one folder may import. The most specific folder that contains a file decides. */
export interface Layer {
  /** Path from the root of the project, without a slash at the end; the empty string stands for the root itself. */
  readonly folder: string;
  /** Other folders that its files may import from. They may always import from their own folder. */
  readonly mayImport: readonly string[];
  /** Further folders that its tests may import from. */
  readonly testsMayImport?: readonly string[];
  /** Whether files elsewhere may import only types from here. */
  readonly typesOnly?: boolean;
  /** Whether only tests may import from here. */
  readonly testsOnly?: boolean;
  /** Whether the built-in modules of Node are out of reach, except for tests. */
  readonly withoutNode?: boolean;
}

const FOR_TESTS = ['shared/testing', 'scripts/runtimes'];

/** Imports run one way: lifecycle ← protocol ← (workspace, access) ← sync ← relay-server or desktop. */
export const LAYERS: readonly Layer[] = [
  { folder: 'shared/lifecycle', mayImport: [], testsMayImport: ['shared/testing'], withoutNode: true },
  {
    folder: 'shared/protocol',
    mayImport: ['shared/lifecycle'],
    testsMayImport: ['shared/testing'],
    withoutNode: true,
  },
  {
    folder: 'shared/workspace',
    mayImport: ['shared/lifecycle', 'shared/protocol'],
    testsMayImport: ['shared/testing'],
    withoutNode: true,
  },
  {
    folder: 'shared/access',
    mayImport: ['shared/lifecycle', 'shared/protocol'],
    testsMayImport: ['shared/testing'],
    withoutNode: true,
  },
  {
    folder: 'shared/sync',
    mayImport: ['shared/lifecycle', 'shared/protocol', 'shared/workspace', 'shared/access'],
    testsMayImport: ['shared/testing'],
    withoutNode: true,
  },
  { folder: 'shared/testing', mayImport: ['shared'], testsOnly: true },
  { folder: 'relay-server', mayImport: ['shared', 'relay-server/log'], testsMayImport: FOR_TESTS },
  // What is kept knows nothing of sockets, rooms and requests.
  {
    folder: 'relay-server/log',
    mayImport: ['shared', 'relay-server/cut-text.ts', 'relay-server/sync-folder.ts', 'relay-server/tls-error.ts'],
    testsMayImport: [...FOR_TESTS, 'relay-server'],
  },
  { folder: 'relay-server/bench', mayImport: ['shared', 'shared/testing', 'relay-server'], testsMayImport: FOR_TESTS },
  { folder: 'desktop/ipc', mayImport: ['shared'], typesOnly: true, withoutNode: true },
  { folder: 'desktop/testing', mayImport: ['shared'], testsOnly: true },
  { folder: 'desktop/main', mayImport: ['shared', 'desktop/ipc'], testsMayImport: [...FOR_TESTS, 'desktop/testing'] },
  { folder: 'desktop/preload', mayImport: ['shared', 'desktop/ipc'], withoutNode: true },
  {
    folder: 'desktop/renderer',
    mayImport: ['shared', 'desktop/ipc'],
    testsMayImport: ['shared/testing'],
    withoutNode: true,
  },
  { folder: 'desktop/e2e', mayImport: ['shared', 'shared/testing', 'desktop/testing', 'scripts/runtimes'] },
  // Somebody else's page: it knows nothing of Tutti.
  { folder: 'desktop/e2e/stock-page', mayImport: [], withoutNode: true },
  {
    folder: 'desktop/bench',
    mayImport: ['shared', 'desktop/bench', 'desktop/testing', 'desktop/e2e/support', 'scripts'],
  },
  { folder: 'desktop/bench/typing-page', mayImport: ['shared', 'desktop/renderer'], withoutNode: true },
  // The whole of it, in one process: the only place that knows both the desktop and the relay.
  {
    folder: 'model',
    mayImport: ['shared', 'shared/testing', 'desktop/main', 'desktop/testing', 'relay-server'],
    testsOnly: true,
  },
  { folder: 'scripts', mayImport: ['shared'], testsMayImport: ['shared/testing'] },
  { folder: '', mayImport: ['scripts'] },
];

/** The folders in which a package may be imported. Packages that are not listed are free. */
export interface PackageOwner {
  /** Names of packages; one that ends in a slash stands for a whole scope. */
  readonly packages: readonly string[];
  readonly folders: readonly string[];
  readonly except?: readonly string[];
}

export const PACKAGE_OWNERS: readonly PackageOwner[] = [
  {
    packages: ['electron'],
    folders: ['desktop/main', 'desktop/preload', 'scripts/runtimes/electron-33'],
    except: ['desktop/main/session', 'desktop/main/store', 'desktop/main/workspace'],
  },
  { packages: ['monaco-editor', 'y-monaco'], folders: ['desktop/renderer/editor', 'desktop/e2e/stock-page'] },
  { packages: ['better-sqlite3'], folders: ['desktop/main/store', 'relay-server/log', 'scripts/runtimes/electron-33'] },
  { packages: ['pg'], folders: ['relay-server/log', 'relay-server/testing'] },
  { packages: ['@aws-sdk/'], folders: ['relay-server/log'] },
  { packages: ['ioredis'], folders: ['relay-server/backplane'] },
  { packages: ['@parcel/watcher'], folders: ['desktop/main/workspace'] },
  { packages: ['ws', 'jose'], folders: ['desktop/main', 'relay-server'] },
  {
    packages: ['react', 'react-dom', 'dockview', 'dockview-react', '@base-ui/', '@headless-tree/'],
    folders: ['desktop/renderer'],
  },
  { packages: ['y-indexeddb'], folders: ['desktop/renderer'] },
];
