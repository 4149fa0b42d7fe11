import { systemClock } from "@koinon/runtime/clock";
import { createBus } from "@koinon/runtime/event-bus";
import { createLogger } from "@koinon/runtime/logger";
import { createTelemetry } from "@koinon/runtime/telemetry";
import { type Meter, trace } from "@opentelemetry/api";
import { type Exposition, parseExposition } from "./metric-names.ts";
import { createModules } from "./modules.ts";
import { chartNames } from "./services.ts";

/** Every series that the services, their gRPC sides and their event buses declare, named as the admin port shows it. */
export async function declaredMetrics(): Promise<Exposition> {
  const telemetry = createTelemetry({ service: "test", metrics: true }, systemClock);
  const meter = sampling(telemetry.meter("test"));
  await createModules(chartNames, meter, () => undefined);
  const log = createLogger({ name: "test", level: "silent", clock: systemClock });
  await (
    await createBus({ servers: [], name: "test" }, { clock: systemClock, log, meter, tracer: trace.getTracer("test") })
  ).close();
  telemetry.rpcObserver?.served("/service/Method", new Map()).end("OK", undefined);
  telemetry.rpcObserver?.called("/service/Method").end("OK", undefined);
  const text = await telemetry.metricsText();
  await telemetry.close();
  return parseExposition(text);
}

/** A meter whose instruments all have a first value, so that they are exported. */
function sampling(meter: Meter): Meter {
  const sampled = {
    createCounter: (...args: Parameters<Meter["createCounter"]>) => {
      const counter = meter.createCounter(...args);
      counter.add(1);
      return counter;
    },
    createUpDownCounter: (...args: Parameters<Meter["createUpDownCounter"]>) => {
      const counter = meter.createUpDownCounter(...args);
      counter.add(1);
      return counter;
    },
    createHistogram: (...args: Parameters<Meter["createHistogram"]>) => {
      const histogram = meter.createHistogram(...args);
      histogram.record(1);
      return histogram;
    },
    createObservableGauge: (...args: Parameters<Meter["createObservableGauge"]>) => {
      const gauge = meter.createObservableGauge(...args);
      gauge.addCallback((result) => result.observe(1));
      return gauge;
    },
    createObservableCounter: (...args: Parameters<Meter["createObservableCounter"]>) => {
      const counter = meter.createObservableCounter(...args);
      counter.addCallback((result) => result.observe(1));
      return counter;
    },
  };
  return new Proxy(meter, { get: (target, key) => Reflect.get(key in sampled ? sampled : target, key) as unknown });
}
