import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { describeBlobIndex } from './blob-index.contract.ts';
import { openSqliteStorage } from './sqlite.ts';

function open(isThreaded: boolean) {
  const storage = openSqliteStorage(join(temporaryFolder(), 'relay.db'), { isThreaded });
  onTestFinished(() => storage.dispose());
  return storage.blobs;
}

describeBlobIndex('SQLite', () => open(false));
describeBlobIndex('SQLite with a writing thread', () => open(true));
