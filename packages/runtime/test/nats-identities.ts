import { nkeys } from "@nats-io/transport-node";

/** A JetStream account under an operator, and one user of it. */
export interface NatsOperator {
  /** Of the server. */
  readonly configuration: string;
  /** Of the user, as `nsc generate creds` writes it. */
  readonly credentials: string;
}

const text = new TextDecoder();

/** Makes an operator, an account and a user, each signed by the one before (https://docs.nats.io/using-nats/nats-tools/nsc). */
export function createNatsOperator(): NatsOperator {
  const [operator, system, account, user] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
    nkeys.createUser(),
  ];
  const limits = { subs: -1, data: -1, payload: -1, conn: -1, imports: -1, exports: -1, wildcards: true, leaf: -1 };
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const operatorToken = sign(operator, operator, { type: "operator", system_account: system.getPublicKey() });
  const systemToken = sign(operator, system, { type: "account", limits });
  const accountToken = sign(operator, account, { type: "account", limits: { ...limits, ...storage } });
  const userToken = sign(account, user, { type: "user", subs: -1, data: -1, payload: -1 });
  const seed = text.decode(user.getSeed());
  return {
    configuration: [
      `operator: ${operatorToken}`,
      `system_account: ${system.getPublicKey()}`,
      "resolver: MEMORY",
      `resolver_preload: { ${system.getPublicKey()}: ${systemToken}, ${account.getPublicKey()}: ${accountToken} }`,
    ].join("\n"),
    credentials: `${block("NATS USER JWT", userToken)}\n${block("USER NKEY SEED", seed)}`,
  };
}

/** A user whose seed is all that it has, and the server's configuration that knows it. */
export function createNatsUser(): { readonly configuration: string; readonly seed: string } {
  const user = nkeys.createUser();
  return {
    configuration: `authorization { users: [{ nkey: ${user.getPublicKey()} }] }`,
    seed: text.decode(user.getSeed()),
  };
}

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** A token as nats-io/jwt has them, version 2. */
function sign(issuer: KeyPair, subject: KeyPair, nats: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    ...{ jti: subject.getPublicKey(), iat: 1_700_000_000, name: "test" },
    ...{ iss: issuer.getPublicKey(), sub: subject.getPublicKey(), nats: { ...nats, version: 2 } },
  };
  const signed = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part(claims)}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString("base64url")}`;
}

function block(title: string, content: string): string {
  return `-----BEGIN ${title}-----\n${content}\n------END ${title}------\n`;
}
