// A process for the tests to start: `process-fixture.ts <behaviour>`.
import { runProcess } from "../src/process-main.ts";
import { greeterModule } from "./greeter.ts";
import { instance } from "./host-fixture.ts";

const behaviour = process.argv[2];
const events: string[] = [];
const module = greeterModule("greeter", {
  events,
  failsToStart: behaviour === "fails-to-start",
  created: (deps) => {
    if (behaviour === "fails-later") setTimeout(() => deps.fail(new Error("the disk is gone")), 50);
    if (behaviour === "crashes") setTimeout(() => Promise.reject(new Error("nobody expected this")), 50);
    deps.meter.createCounter("greetings").add(3);
  },
});
await runProcess({
  name: "fixture",
  modules: [instance(module)],
  onReady: ({ adminAddress }) => process.stdout.write(`ready ${adminAddress ?? "-"}\n`),
});
