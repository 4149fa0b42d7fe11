import { runProcess } from "@koinon/runtime/process-main";
import { poiModule } from "./module.ts";

await runProcess({ name: "poi", modules: [{ definition: poiModule }] });
