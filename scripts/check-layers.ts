import { readFile } from 'node:fs/promises';
import { listSources } from './layers/list-sources.ts';
import { checkFile } from './layers/check-file.ts';
import { PROJECT_FOLDER } from './project.ts';

const paths = await listSources(PROJECT_FOLDER);
const problems: string[] = [];
for (const path of paths) problems.push(...checkFile(path, await readFile(`${PROJECT_FOLDER}/${path}`, 'utf8')));

if (problems.length > 0) {
  console.error(problems.join('\n'));
  console.error(`\n${problems.length} imports cross the layers of scripts/layers/rules.ts`);
  process.exitCode = 1;
} else {
  console.log(`The layers hold in ${paths.length} files.`);
}
