import { runProcess } from "@koinon/runtime/process-main";
import { chainModuleFor } from "./module.ts";

await runProcess({ name: "chain", modules: [{ definition: chainModuleFor(process.env) }] });
