// The app inside the tests' Electron 33: it loads the app in the folder that the command line names,
// as an ordinary Electron does, and gives it the SQLite that runs here.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { app } from 'electron';
import Database from './sqlite-adapter.ts';

interface Loader {
  _load(this: void, request: string, ...rest: unknown[]): unknown;
}

const require = createRequire(__filename);
const folder = resolve(process.argv.slice(1).find((argument) => !argument.startsWith('-')) ?? '.');
const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

function fromManifest(key: string): string | undefined {
  const value: unknown = typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, key) : undefined;
  return typeof value === 'string' ? value : undefined;
}

const loader = require('node:module') as Loader;
const load = loader._load;
loader._load = (request, ...rest) => (request === 'better-sqlite3' ? Database : load(request, ...rest));

const name = fromManifest('productName') ?? fromManifest('name');
if (name) app.setName(name);
Reflect.set(process, 'defaultApp', true);
// Electron's own default app calls this too; it is left out of the published types.
const setAppPath: unknown = Reflect.get(app, 'setAppPath');
if (typeof setAppPath === 'function') Reflect.apply(setAppPath, app, [folder]);
require(join(folder, fromManifest('main') ?? 'index.js'));
