import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build as buildDesktop } from 'electron-vite';
import { build } from 'vite';
import { BUILD_STAMP } from './build/ensure-built.ts';
import { hashSources } from './build/source-hash.ts';
import { PROJECT_FOLDER } from './project.ts';

process.chdir(PROJECT_FOLDER);
await rm(BUILD_STAMP, { force: true });
const hash = await hashSources(PROJECT_FOLDER);
await buildDesktop({ configFile: join(PROJECT_FOLDER, 'electron.vite.config.ts'), logLevel: 'warn' });
await build({ configFile: join(PROJECT_FOLDER, 'browser.vite.config.ts'), logLevel: 'warn' });
await build({ configFile: join(PROJECT_FOLDER, 'service-worker.vite.config.ts'), logLevel: 'warn' });
await writeFile(BUILD_STAMP, hash);
