import { writeFile } from "node:fs/promises";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { kubectl } from "./kubernetes.ts";

/** Creates Kubernetes objects; fails when one is there already. */
export async function createObjects(items: readonly object[]): Promise<void> {
  const folder = await temporaryFolder("koinon-objects-");
  try {
    const file = `${folder.path}/objects.json`;
    await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    await kubectl("create", "--filename", file);
  } finally {
    await folder.remove();
  }
}
