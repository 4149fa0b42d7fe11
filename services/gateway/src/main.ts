import { runProcess } from "@koinon/runtime/process-main";
import { gatewayModule } from "./module.ts";

await runProcess({ name: "gateway", modules: [{ definition: gatewayModule }] });
