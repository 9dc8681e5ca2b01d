import type { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import type { OpenText } from './engine.ts';

const WORD = /<[^<>]*>/g;

/** The words of a text in order. Throws when it holds anything else, such as a word that was torn. */
export function wordsOf(text: string): string[] {
  const words = text.match(WORD) ?? [];
  if (words.join('') !== text) throw new Error(`the text holds more than whole words: ${text}`);
  return words;
}

/** Somebody who types words that nobody else types, anywhere between other words. */
export class WordTypist {
  readonly typed: string[] = [];
  private readonly name: string;
  private readonly document: OpenText;
  private readonly random: SeededRandom;

  constructor(name: string, document: OpenText, random: SeededRandom) {
    this.name = name;
    this.document = document;
    this.random = random;
  }

  type(): void {
    const word = `<${this.name} ${this.typed.length}>`;
    const words = wordsOf(this.document.text.toString());
    const offset = words.slice(0, this.random.below(words.length + 1)).join('').length;
    this.typed.push(word);
    this.document.text.insert(offset, word);
  }
}
