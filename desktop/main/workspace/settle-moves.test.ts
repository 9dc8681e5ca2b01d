import { rename, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { BaseIndex } from './base-index.ts';
import { identifyFile } from './path-kind.ts';
import { settleMoves } from './settle-moves.ts';
import { MemoryMirrorBases } from './testing/memory-shared-files.ts';
import { TestFolder } from './testing/mirror-under-test.ts';
import { hashBytes } from './text-format.ts';

const baseOf = (path: string, text: string) => ({ path, hash: hashBytes(Buffer.from(text)), text });

/** A folder in which the move of a file from `from.txt` to `to.txt` has been noted. */
async function noteMove(base: 'from.txt' | 'to.txt' = 'from.txt') {
  const folder = await TestFolder.create({ 'from.txt': 'own' });
  const bases = new MemoryMirrorBases();
  bases.set('f1', baseOf(base, 'own'));
  const identity = await identifyFile(folder.at('from.txt'));
  await bases.beginMove('f1', { from: 'from.txt', to: 'to.txt', identity });
  const settle = async () => {
    await settleMoves(folder.path, new BaseIndex(bases));
    return bases.get('f1')?.path;
  };
  return { folder, bases, settle, move: () => rename(folder.at('from.txt'), folder.at('to.txt')) };
}

describe('a move that was noted', () => {
  it.each(['from.txt', 'to.txt'] as const)(
    'and not made leaves the file where it is, with a base at %s',
    async (base) => {
      const { bases, settle } = await noteMove(base);
      expect(await settle()).toBe('from.txt');
      expect(bases.listMoves()).toEqual([]);
    },
  );

  it.each(['from.txt', 'to.txt'] as const)('and made counts, with a base at %s', async (base) => {
    const { bases, settle, move } = await noteMove(base);
    await move();
    expect(await settle()).toBe('to.txt');
    expect(bases.listMoves()).toEqual([]);
  });

  it('and made counts where another file has taken the old place, whatever the two hold', async () => {
    const { folder, settle, move } = await noteMove();
    await move();
    await folder.write('to.txt', 'own, edited');
    await folder.write('from.txt', 'of another');
    expect(await settle()).toBe('to.txt');
  });

  it('counts where the file was made anew with its content', async () => {
    const { folder, settle, move } = await noteMove();
    await move();
    await folder.write('from.txt', 'of another');
    await folder.write('new', 'own');
    await rename(folder.at('new'), folder.at('to.txt'));
    expect(await settle()).toBe('to.txt');
  });

  it('takes over what was being saved', async () => {
    const { folder, bases, settle, move } = await noteMove();
    const saved = baseOf('from.txt', 'own, saved');
    await bases.beginSave('f1', saved);
    await folder.write('from.txt', saved.text);
    await move();
    expect(await settle()).toBe('to.txt');
    expect(bases.get('f1')).toEqual({ ...saved, path: 'to.txt' });
  });

  it('leaves a file without a base that could be at either place', async () => {
    const { folder, bases, settle } = await noteMove();
    await folder.write('new', 'edited');
    await rename(folder.at('new'), folder.at('from.txt'));
    await folder.write('to.txt', 'another');
    expect(await settle()).toBeUndefined();
    expect(bases.listMoves()).toEqual([]);
  });

  it('does not take for its own what another file may have put at its place', async () => {
    const { folder, bases, settle } = await noteMove();
    await folder.write('new', 'of another');
    await rename(folder.at('new'), folder.at('from.txt'));
    await bases.beginMove('f2', { from: 'elsewhere.txt', to: 'from.txt', identity: '1:1' });
    bases.set('f2', baseOf('elsewhere.txt', 'of another, once'));
    expect(await settle()).toBeUndefined();
  });

  it('keeps its base where the file has gone: it counts as deleted', async () => {
    const { folder, settle } = await noteMove();
    await rm(folder.at('from.txt'));
    expect(await settle()).toBe('from.txt');
  });
});
