// A chosen theme has to stand before the first paint; the policy allows no inline script, so this is a file. See src/theme/theme.ts.
try {
  const theme = localStorage.getItem("koinon.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is refused: the system's theme it is.
}
