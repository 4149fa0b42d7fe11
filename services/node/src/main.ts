import { parseArgs } from "node:util";
import { systemClock } from "@koinon/runtime/clock";
import { systemRandom } from "@koinon/runtime/random";
import { writeDeploymentSecrets } from "./deployment/secrets.ts";
import { runServices } from "./services/run-services.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "end-with-parent": { type: "boolean", default: false } },
});
const [command, folder] = positionals;
if (command === "secrets" && folder !== undefined) {
  await writeDeploymentSecrets(folder, { clock: systemClock, random: systemRandom });
} else {
  await runServices(positionals, { endWithParent: values["end-with-parent"], env: process.env });
}
