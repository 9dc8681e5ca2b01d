/** Hands a file over to the browser, which saves it as people have it set up. */
export function downloadFile(name: string, content: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([content.slice()], { type: 'application/octet-stream' }));
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  // The browser has taken hold of the content when the click returns.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
