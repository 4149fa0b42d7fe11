import { charts, helm, namespace, release } from "./kubernetes.ts";

const place = ["--namespace", namespace, "--force-conflicts", "--wait", "--timeout", "4m"];

/** Upgrades the release under test with the values that are in force and these changes; answers how to take them back. */
export async function changeRelease(changes: readonly string[]): Promise<() => Promise<void>> {
  const history = await helm("history", release, "--namespace", namespace, "--output", "json");
  const revision = String((JSON.parse(history) as readonly { revision: number }[]).at(-1)?.revision);
  await helm("upgrade", release, charts, "--reuse-values", ...place, ...changes);
  return async () => void (await helm("rollback", release, revision, ...place));
}
