// A process for the tests to start: `process-fixture.ts <behaviour>`.
import { runProcess } from "../src/process-main.ts";
import { greeterModule } from "./greeter.ts";
import { instance } from "./host-fixture.ts";

const behaviour = process.argv[2];
const events: string[] = [];
let fail: (error: unknown) => void = () => undefined;
const module = greeterModule("greeter", {
  events,
  failsToStart: behaviour === "fails-to-start",
  created: (deps) => {
    fail = (error) => deps.fail(error);
    deps.meter.createCounter("greetings").add(3);
  },
});
await runProcess({
  name: "fixture",
  modules: [instance(module)],
  onReady: ({ adminAddress }) => {
    process.stdout.write(`ready ${adminAddress ?? "-"}\n`);
    if (behaviour === "fails-later") setImmediate(() => fail(new Error("the disk is gone")));
    if (behaviour === "crashes") setImmediate(() => Promise.reject(new Error("nobody expected this")));
  },
});
