import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

/** What a value may look like: fields by their names, items of a list, or `any` value. */
export type YamlShape =
  | 'any'
  | { readonly items: YamlShape }
  | { readonly fields: Readonly<Record<string, YamlShape>> };

/** A place in a YAML document. Whoever expects there what is not there gets an error that names the place. */
export class YamlNode {
  readonly value: unknown;
  private readonly place: string;

  constructor(value: unknown, place: string) {
    this.value = value;
    this.place = place;
  }

  /** The place below; its value may be missing. */
  at(...path: readonly string[]): YamlNode {
    return path.reduce<YamlNode>((node, key) => new YamlNode(node.tryRecord()?.[key], `${node.place}.${key}`), this);
  }

  get isPresent(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  get text(): string {
    if (typeof this.value === 'string') return this.value;
    throw this.unexpected('a text');
  }

  get number(): number {
    if (typeof this.value === 'number') return this.value;
    throw this.unexpected('a number');
  }

  /** Of a list. */
  get items(): readonly YamlNode[] {
    if (!Array.isArray(this.value)) throw this.unexpected('a list');
    return this.value.map((item: unknown, index) => new YamlNode(item, `${this.place}[${index}]`));
  }

  /** Of a list, or none where nothing is. */
  get itemsIfAny(): readonly YamlNode[] {
    return this.isPresent ? this.items : [];
  }

  get texts(): readonly string[] {
    return this.items.map(({ text }) => text);
  }

  get fields(): ReadonlyMap<string, YamlNode> {
    const record = this.tryRecord();
    if (!record) throw this.unexpected('fields');
    return new Map(Object.keys(record).map((key) => [key, this.at(key)]));
  }

  get keys(): readonly string[] {
    return [...this.fields.keys()];
  }

  /** Fields that the shape does not know, and what has another shape, each by its place. */
  findMisshapen(shape: YamlShape): readonly string[] {
    if (shape === 'any') return [];
    if ('items' in shape) return this.items.flatMap((item) => item.findMisshapen(shape.items));
    return [...this.fields].flatMap(([key, node]) => {
      const below = shape.fields[key];
      return below ? node.findMisshapen(below) : [node.place];
    });
  }

  private tryRecord(): Readonly<Record<string, unknown>> | undefined {
    return isRecord(this.value) ? this.value : undefined;
  }

  private unexpected(wanted: string): Error {
    return new Error(`There should be ${wanted} at ${this.place}, and not ${JSON.stringify(this.value)}.`);
  }
}

/** All documents of a YAML file. Throws when it has errors, or anything that YAML warns of. */
export function readYaml(path: string): readonly YamlNode[] {
  const parsed = parseAllDocuments(readFileSync(path, 'utf8'), { strict: true, uniqueKeys: true });
  if (!Array.isArray(parsed)) throw new Error(`${path} is empty.`);
  return parsed.map((document, index) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) throw problem;
    const value: unknown = document.toJS();
    return new YamlNode(value, `${path}#${index}`);
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
