/** Flags under which a headless Chromium runs anywhere and calls nobody. */
export const chromiumArguments: string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
