import { runProcess } from "@koinon/runtime/process-main";
import { chainModule } from "./module.ts";

await runProcess({ name: "chain", modules: [{ definition: chainModule }] });
