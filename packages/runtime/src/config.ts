import { DomainError } from "@koinon/errors/domain-error";
import type { z } from "zod";
import { Secret } from "./secret.ts";

/** One setting: where it comes from, what it may be, and what it is for. */
export interface ConfigKey<T> {
  /** Environment variable. */
  readonly env: string;
  /** Parses the variable's text; `undefined` stands for a variable that is not set. */
  readonly schema: z.ZodType<T>;
  /** What a variable that is not set stands for, in the form the environment has. */
  readonly default?: string;
  /** One sentence. */
  readonly description: string;
  /** Secrets may also be read from the file that `<ENV>_FILE` names. */
  readonly secret: boolean;
  /** The parsed value as the module gets it. */
  wrap(value: T): unknown;
}

/** The settings of one module, declared once; the source of its type, its README table and its Helm schema. */
export interface ConfigDeclaration<C> {
  readonly keys: Readonly<Record<string, ConfigKey<unknown>>>;
  /** Carries the type; never set. */
  readonly type?: C;
}

/** The values of a declaration. */
export type ConfigOf<D> = D extends ConfigDeclaration<infer C> ? C : never;

interface Setting<T> extends ConfigKey<unknown> {
  readonly type?: T;
}

/** A setting that is no secret. */
export function setting<T>(key: {
  env: string;
  schema: z.ZodType<T>;
  default?: string;
  description: string;
}): Setting<T> {
  return { ...key, secret: false, wrap: (value) => value };
}

/** A secret setting; it arrives wrapped. */
export function secretSetting<T extends string | undefined>(key: {
  env: string;
  schema: z.ZodType<T>;
  description: string;
}): Setting<T extends string ? Secret : T extends undefined ? undefined : Secret | undefined> {
  return { ...key, secret: true, wrap: (value) => (typeof value === "string" ? new Secret(value) : undefined) };
}

/** Declares the settings of a module. */
export function declareConfig<K extends Readonly<Record<string, Setting<unknown>>>>(
  keys: K,
): ConfigDeclaration<{ readonly [N in keyof K]: K[N] extends Setting<infer T> ? T : never }> {
  return { keys };
}

export type ConfigFault = { code: "CONFIG_INVALID"; problems: string };

/** Everything that is wrong with the configuration, one problem a line. */
export class ConfigError extends DomainError<ConfigFault> {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super({ code: "CONFIG_INVALID", problems: `\n${problems.map((problem) => `  - ${problem}`).join("\n")}\n` });
    this.problems = problems;
  }
}

/** What configuration is read from. */
export interface ConfigSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a secret's file; throws when it can not. */
  readFile(path: string): string;
}

/** Reads several declarations from one source, reporting all problems of all of them at once. */
export class ConfigReader {
  private readonly source: ConfigSource;
  private readonly problems: string[] = [];
  private readonly owners = new Map<string, string>();

  constructor(source: ConfigSource) {
    this.source = source;
  }

  /** Values of one declaration. Not to be used before `finish` has returned. `env` replaces the environment for one of several instances. */
  read<C>(owner: string, declaration: ConfigDeclaration<C>, env = this.source.env): C {
    const values: Record<string, unknown> = {};
    for (const [name, key] of Object.entries(declaration.keys)) {
      if (env === this.source.env) this.claim(key.env, owner);
      values[name] = this.readKey(owner, key, env);
    }
    return values as C;
  }

  /** Notes a problem found elsewhere, to be reported with the others. */
  problem(text: string): void {
    this.problems.push(text);
  }

  /** Whether nothing was wrong so far: what was read may be used. */
  get isClean(): boolean {
    return this.problems.length === 0;
  }

  /** Throws ConfigError when anything was wrong. */
  finish(): void {
    if (this.problems.length > 0) throw new ConfigError(this.problems);
  }

  private readKey(owner: string, key: ConfigKey<unknown>, env: ConfigSource["env"]): unknown {
    const result = key.schema.safeParse(this.text(key, env));
    if (result.success) return key.wrap(result.data);
    const reasons = result.error.issues.map(({ path, message }) => [...path, message].join(" ")).join("; ");
    this.problems.push(`${key.env} (${owner}): ${reasons}. ${key.description}`);
    return undefined;
  }

  private text(key: ConfigKey<unknown>, env: ConfigSource["env"]): string | undefined {
    const given = env[key.env];
    const file = key.secret ? env[`${key.env}_FILE`] : undefined;
    if (file !== undefined && file !== "") {
      if (given !== undefined && given !== "") this.problems.push(`${key.env} and ${key.env}_FILE are both set`);
      try {
        return this.source.readFile(file).replace(/\r?\n$/, "");
      } catch (error) {
        this.problems.push(`${key.env}_FILE: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    // An empty variable is what charts and compose files render for a value that is not given.
    return given === undefined || given === "" ? key.default : given;
  }

  private claim(env: string, owner: string): void {
    const other = this.owners.get(env);
    if (other !== undefined && other !== owner) this.problems.push(`${env} is declared by both ${other} and ${owner}`);
    this.owners.set(env, owner);
  }
}
