import type { ReactElement } from 'react';

const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';

interface QuotedTextProps {
  readonly text: string;
  /** What in the text is in the words of others, such as names, labels and paths. */
  readonly quoted: readonly string[] | undefined;
}

/** A sentence of ours with words of others in it. Each stands apart: whatever its direction, it turns around nothing else. */
export function QuotedText({ text, quoted = [] }: QuotedTextProps): ReactElement {
  return (
    <>
      {splitAtQuotes(text, quoted).map((part, index) =>
        part.isQuoted ? <bdi key={index}>{part.text}</bdi> : <span key={index}>{part.text}</span>,
      )}
    </>
  );
}

/** Sets words of others apart where there are no elements, as in a tooltip of the system. */
export function isolate(text: string): string {
  return FIRST_STRONG_ISOLATE + text + POP_ISOLATE;
}

interface Part {
  readonly text: string;
  readonly isQuoted: boolean;
}

/** The text in pieces, in order; of two quotes that begin at one place the longer counts. */
export function splitAtQuotes(text: string, quoted: readonly string[]): readonly Part[] {
  const quotes = quoted.filter((quote) => quote !== '').toSorted((a, b) => b.length - a.length);
  const parts: Part[] = [];
  let from = 0;
  for (let at = 0; at < text.length;) {
    const start = at;
    const quote = quotes.find((candidate) => text.startsWith(candidate, start));
    if (quote === undefined) {
      at++;
      continue;
    }
    if (at > from) parts.push({ text: text.slice(from, at), isQuoted: false });
    parts.push({ text: quote, isQuoted: true });
    at += quote.length;
    from = at;
  }
  if (from < text.length) parts.push({ text: text.slice(from), isQuoted: false });
  return parts;
}
