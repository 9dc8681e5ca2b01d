import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PATH = fileURLToPath(new URL('../deploy/Dockerfile', import.meta.url));

export interface DockerInstruction {
  readonly name: string;
  readonly text: string;
}

export interface DockerStage {
  readonly image: string;
  /** Undefined for the last one, which nobody copies from. */
  readonly name: string | undefined;
  readonly instructions: readonly DockerInstruction[];
}

export interface Dockerfile {
  readonly stages: readonly DockerStage[];
  /** Of the last stage. */
  readonly entrypoint: readonly string[];
  /** Of the last stage. */
  readonly command: readonly string[];
}

/** Reads the relay's Dockerfile, as far as it is used there: no lines that go on, no heredocs. */
export function readDockerfile(): Dockerfile {
  const lines = readFileSync(PATH, 'utf8').split('\n');
  const instructions = lines.filter((line) => line !== '' && !line.startsWith('#')).map(parseInstruction);
  const stages: { image: string; name: string | undefined; instructions: DockerInstruction[] }[] = [];
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') {
      const [image = '', as, name] = instruction.text.split(' ');
      stages.push({ image, name: as === 'AS' ? name : undefined, instructions: [] });
    } else stages.at(-1)?.instructions.push(instruction);
  }
  const last = (name: string) => stages.at(-1)?.instructions.findLast((instruction) => instruction.name === name);
  return { stages, entrypoint: parseList(last('ENTRYPOINT')), command: parseList(last('CMD')) };
}

function parseInstruction(line: string): DockerInstruction {
  const [, name, text] = /^([A-Z]+) (.+[^\\])$/.exec(line) ?? [];
  if (name === undefined || text === undefined) throw new Error(`No instruction: ${line}`);
  return { name, text };
}

function parseList(instruction: DockerInstruction | undefined): readonly string[] {
  const list: unknown = JSON.parse(instruction?.text ?? '[]');
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) throw new Error('no list of texts');
  return list;
}
