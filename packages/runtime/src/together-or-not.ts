/** Of settings that need each other, what is missing when some are given. */
export function togetherOrNot(settings: Readonly<Record<string, unknown>>): readonly string[] {
  const given = Object.keys(settings).filter((name) => settings[name] !== undefined);
  const [first] = given;
  if (first === undefined) return [];
  const missing = Object.keys(settings).filter((name) => settings[name] === undefined);
  return missing.map((name) => `${name} is not set, but ${first} is`);
}
