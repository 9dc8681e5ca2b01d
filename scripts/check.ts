import { PARTS, PART_GROUPS } from './test/parts.ts';

for (const part of PARTS) {
  if (!PART_GROUPS['check']?.includes(part.name)) continue;
  if (!(await part.run()).isPassed) process.exitCode = 1;
}
