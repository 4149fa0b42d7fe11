import path from "node:path";
import { fileURLToPath } from "node:url";

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");

/** Where published vectors are: what KOINON_VECTORS says, or `../shared/vectors` beside the repository. */
export function vectorsFolder(configured: string | undefined): string {
  return path.resolve(repository, configured === undefined || configured === "" ? "../shared/vectors" : configured);
}
