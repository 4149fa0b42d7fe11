import { fileURLToPath } from "node:url";

const serviceMain = fileURLToPath(new URL("../main.js", import.meta.url));

/** Arguments of Node for a service in a process of its own, which ends when this one does. */
export function childArguments(service: string): string[] {
  return ["--enable-source-maps", serviceMain, service, "--end-with-parent"];
}
