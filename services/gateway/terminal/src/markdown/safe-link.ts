const schemes = new Set(["http:", "https:", "mailto:"]);
const lengthMax = 2048;

/** The address of a link that may be offered; null for one that may not: scripts, data, files, addresses within this origin. */
export function safeLink(href: string): string | null {
  if (href.length > lengthMax) return null;
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    // A relative address would lead into the Terminal itself, which no answer has any business with.
    return null;
  }
  return schemes.has(url.protocol) ? url.href : null;
}
