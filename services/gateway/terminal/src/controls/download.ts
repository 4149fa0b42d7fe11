/** Hands bytes or a text to the person as a file. */
export function downloadFile(name: string, content: Uint8Array<ArrayBuffer> | string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken the content when the click returns, but Safari reads the address a moment later.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
