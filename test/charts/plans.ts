import { type HostPlan, planHost } from "@koinon/runtime/host";
import { definitions } from "./services.ts";

/** What a module's process makes of an environment, and the variables that nothing asked for. Throws ConfigError. */
export function planOf(
  module: keyof typeof definitions,
  env: Readonly<Record<string, string>>,
  readFile: (path: string) => string = () => "",
): { readonly plan: HostPlan; readonly unknown: readonly string[] } {
  const asked = new Set<string>();
  const watched = new Proxy<Record<string, string>>(env, {
    get: (target, key) => {
      asked.add(String(key));
      return target[String(key)];
    },
  });
  const plan = planHost([{ definition: definitions[module] }], { env: watched, readFile });
  return { plan, unknown: Object.keys(env).filter((name) => !asked.has(name)) };
}
