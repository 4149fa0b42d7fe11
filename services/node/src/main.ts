import { parseArgs } from "node:util";
import { runServices } from "./services/run-services.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "end-with-parent": { type: "boolean", default: false } },
});
await runServices(positionals, { endWithParent: values["end-with-parent"] });
