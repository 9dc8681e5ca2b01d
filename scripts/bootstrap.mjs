// Plain JavaScript without dependencies, so that any Node from 20 up can start it on a fresh clone.
// `node scripts/bootstrap.mjs COMMAND [arguments]` installs what package-lock.json pins when that is needed,
// then runs the command's TypeScript file on the pinned Node. Standard output belongs to the command alone.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MODULES = join(ROOT, 'node_modules');
const STAMP = join(MODULES, '.tutti-lockfile-hash');
const FORWARDED_SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
const SHELL_CHECK_MS = 200;

/** @type {Record<string, string | undefined>} */
const COMMANDS = {
  start: 'scripts/start.ts',
  test: 'scripts/test.ts',
  'test:fuzz': 'scripts/fuzz.ts',
  relay: 'relay-server/main.ts',
  bench: 'scripts/bench.ts',
  build: 'scripts/build.ts',
  check: 'scripts/check.ts',
};

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}

function lockfileHash() {
  return createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex');
}

function isInstalled() {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lockfileHash();
}

function writeStamp() {
  mkdirSync(MODULES, { recursive: true });
  writeFileSync(STAMP, lockfileHash());
}

function pinnedNode() {
  return join(MODULES, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** @param {string[]} args */
function runNpm(args) {
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  const npm = process.env['npm_execpath'];
  const node = process.env['npm_node_execpath'] ?? process.execPath;
  // Only the machine's own Node survives the exchange of node_modules.
  const isLasting = !node.startsWith(MODULES + sep);
  const [command, prefix] = isLasting && npm && /npm-cli\.c?js$/.test(npm) ? [node, [npm]] : ['npm', []];
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.startsWith(MODULES));
  const isShellNeeded = command === 'npm' && process.platform === 'win32';
  return spawnSync(command, [...prefix, ...args, ...quiet], {
    cwd: ROOT,
    env: { ...process.env, PATH: path.join(delimiter) },
    encoding: 'utf8',
    shell: isShellNeeded,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** @param {import('node:child_process').SpawnSyncReturns<string>} result */
function failure(result) {
  return [result.error?.message, result.stdout, result.stderr].filter(Boolean).join('\n').trim();
}

function install() {
  say('Installing the packages that package-lock.json pins. This happens once and takes a minute or two …');
  const started = Date.now();
  // Install scripts would compile what ships ready-made; npm before 11 cannot be told which of them to run.
  const result = runNpm(['ci', '--ignore-scripts']);
  if (result.status !== 0) {
    say(failure(result));
    say('\nThe packages could not be installed: `npm ci` failed, see above.');
    say(
      'Check that the npm registry can be reached and that the disk has 2 GB to spare, then run the same command again.',
    );
    process.exit(1);
  }
  writeStamp();
  say(`Packages installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

/** The npm package `node` fetches the platform's binary in its install script. */
function ensurePinnedNode() {
  if (existsSync(pinnedNode())) return;
  const result = runNpm(['rebuild', 'node', '--ignore-scripts=false']);
  if (existsSync(pinnedNode())) return;
  say(failure(result));
  say('The pinned Node is missing: the install script of the npm package `node` could not fetch it for this platform.');
  process.exit(1);
}

/**
 * npm hands a signal to the shell between it and this process; the shell ends of it and passes nothing on.
 * @param {() => void} stop
 */
function whenShellIsGone(stop) {
  if (process.platform === 'win32' || !process.env['npm_lifecycle_event']) return;
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    stop();
  }, SHELL_CHECK_MS);
  timer.unref();
}

/** @param {string} script @param {string[]} args */
async function run(script, args) {
  const file = join(ROOT, script);
  if (!existsSync(file)) {
    say(`${script} does not exist in this version of Tutti.`);
    process.exit(1);
  }
  const wanted = /"version": "([^"]+)"/.exec(readFileSync(join(MODULES, 'node', 'package.json'), 'utf8'));
  if (process.versions.node === wanted?.[1]) {
    process.argv.splice(1, process.argv.length, file, ...args);
    whenShellIsGone(() => process.kill(process.pid, 'SIGTERM'));
    await import(pathToFileURL(file).href);
    return;
  }
  const path = [join(MODULES, '.bin'), process.env['PATH']].join(delimiter);
  const child = spawn(pinnedNode(), [file, ...args], { stdio: 'inherit', env: { ...process.env, PATH: path } });
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal));
  whenShellIsGone(() => child.kill('SIGTERM'));
  child.on('error', (error) => {
    say(`The pinned Node at ${pinnedNode()} cannot be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)));
}

const [name = '', ...args] = process.argv.slice(2);
if (Number.parseInt(process.versions.node, 10) < 20) {
  say(
    `Tutti needs Node 20 or newer to start, this is ${process.versions.node}. Install a current one from https://nodejs.org`,
  );
  process.exit(1);
}
if (name === 'stamp') {
  writeStamp();
} else {
  const script = COMMANDS[name];
  if (!script) {
    say(`Unknown command "${name}". There are: ${Object.keys(COMMANDS).join(', ')}.`);
    process.exit(2);
  }
  if (!isInstalled()) install();
  ensurePinnedNode();
  await run(script, args);
}
