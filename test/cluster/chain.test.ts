import { beforeAll, describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { createPublicClient, createWalletClient, type Hex, http, type PublicClient } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { killContainer } from "./network/container-kill.ts";
import { helm, isReady, kubectl, type Pod, podNamed, podsOf, secretValue } from "./network/kubernetes.ts";
import { lastWordsOfSecond } from "./network/second-process.ts";

// npm run cluster -- install --values deploy/cluster/values/shard.yaml --release shard --namespace shard
const release = "shard";
const place = "shard";
const podName = `${release}-chain-0`;

/** The pod, once it is ready and not `former`. */
async function readyPod(former?: Pod): Promise<Pod> {
  const found = async () => {
    const [pod, ...others] = await podsOf("chain", place);
    return others.length === 0 && pod !== undefined && pod.metadata.uid !== former?.metadata.uid && isReady(pod) && pod;
  };
  return await waitFor(found, { deadlineMs: 120_000, intervalMs: 250, what: `${podName} is ready` });
}

describe("a shard of the chain", () => {
  let client: PublicClient;
  let send: () => Promise<Hex>;
  /** Every transaction that was seen in a block, with that block. */
  const seen = new Map<Hex, Hex>();

  beforeAll(async () => {
    await readyPod();
    const address = "jsonpath={.spec.clusterIP}";
    const ip = await kubectl("get", "service", `${release}-chain`, "--namespace", place, "--output", address);
    const transport = http(`http://${ip}:8545`, { retryCount: 0 });
    client = createPublicClient({ transport, pollingInterval: 50 });
    const account = privateKeyToAccount((await secretValue("koinon-poi", "POI_ANCHOR_KEY", place)) as Hex);
    const wallet = createWalletClient({ account, transport });
    send = () => wallet.sendTransaction({ chain: null, to: account.address, value: 1n });
  }, 150_000);

  /** Sends transactions one after the other until it is told to end; what fails on the way is the pod that is away. */
  function load(): { stop(): Promise<void> } {
    let stopped = false;
    const running = (async () => {
      while (!stopped) {
        try {
          const hash = await send();
          const { blockHash } = await client.waitForTransactionReceipt({ hash, timeout: 5_000 });
          seen.set(hash, blockHash);
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    })();
    return {
      stop: async () => {
        stopped = true;
        await running;
      },
    };
  }

  async function allKept(): Promise<void> {
    for (const [hash, blockHash] of seen) {
      expect([hash, (await client.getTransactionReceipt({ hash })).blockHash]).toEqual([hash, blockHash]);
    }
  }

  test("takes transactions through its Service", async () => {
    expect(await client.getChainId()).toBe(31_337);
    const { status } = await client.waitForTransactionReceipt({ hash: await send(), timeout: 20_000 });
    expect(status).toBe("success");
  }, 30_000);

  test("passes helm test, which asks for the chain's id and height by the Service's name", async () => {
    const report = await helm("test", release, "--namespace", place, "--timeout", "3m");
    expect(report.match(/Phase: +\w+/g)).toEqual(["Phase:          Succeeded"]);
  }, 200_000);

  test.each([
    ["kill -9 of its process", async (pod: Pod) => killContainer(pod, "chain")],
    ["the deletion of its pod", async () => void (await kubectl("delete", "pod", podName, "--namespace", place))],
    [
      "a deletion that does not wait for its end",
      async () => void (await kubectl("delete", "pod", podName, "--namespace", place, "--grace-period=0", "--force")),
    ],
  ])(
    "has every block that it told of after %s under load",
    async (what, act) => {
      const before = seen.size;
      const { stop } = load();
      await waitFor(() => seen.size > before + 10, { deadlineMs: 60_000, what: "transactions in blocks" });
      const pod = await readyPod();
      await act(pod);
      if (what.startsWith("kill")) {
        const restarted = async () =>
          ((await podsOf("chain", place))[0]?.status.containerStatuses?.[0]?.restartCount ?? 0) >
          (pod.status.containerStatuses?.[0]?.restartCount ?? 0);
        await waitFor(restarted, { deadlineMs: 60_000, intervalMs: 250, what: "the container starts again" });
        await readyPod();
      } else await readyPod(pod);
      const after = seen.size;
      await waitFor(() => seen.size > after + 10, { deadlineMs: 60_000, what: "transactions in blocks again" });
      await stop();
      await allKept();
    },
    240_000,
  );

  test("shuts out a second process on its volume", async () => {
    expect(await lastWordsOfSecond(podName, place)).toContain("DATA_FOLDER_IN_USE");
    await readyPod();
  }, 120_000);

  test("another genesis file than the volume's is refused, and the pod's status says so", async () => {
    const own = await genesis();
    const other = JSON.stringify({ ...JSON.parse(own), extraData: "0x01" });
    const former = await readyPod();
    await replaceGenesis(other);
    try {
      await kubectl("delete", "pod", podName, "--namespace", place);
      const refused = async () => JSON.stringify((await podNamed(podName, place))?.status).includes("GENESIS_MISMATCH");
      await waitFor(refused, { deadlineMs: 120_000, intervalMs: 500, what: "the pod's status says why" });
    } finally {
      await replaceGenesis(own);
      await kubectl("delete", "pod", podName, "--namespace", place);
    }
    await readyPod(former);
    await allKept();
  }, 300_000);

  test("with another service's certificate it keeps the former, and a new pod is not ready and says why", async () => {
    const secret = "koinon-chain-tls";
    const files = ["tls.crt", "tls.key"];
    const own = await contents(secret, files);
    const readyz = async (pod: Pod | undefined) => {
      const answer = await fetch(`http://${pod?.status.podIP}:9090/readyz`, { signal: AbortSignal.timeout(2_000) });
      return { status: answer.status, text: await answer.text() };
    };
    const former = await readyPod();
    await patch(secret, await contents("koinon-market-tls", files));
    try {
      const kept = async () => {
        const { status, text } = await readyz(former);
        return status === 200 && text.includes("CERTIFICATE_NAMES_OTHERS") && text;
      };
      // The kubelet takes up to a minute and a half to put a changed Secret before a pod.
      const said = await waitFor(kept, { deadlineMs: 150_000, intervalMs: 1_000, what: "the pod tells" });
      expect(said).toContain("the former certificate is still in use");
      await kubectl("delete", "pod", podName, "--namespace", place);
      const refused = async () => {
        const { status, text } = await readyz(await podNamed(podName, place));
        return status === 503 && text.includes('"waitingFor":"certificates"') && text;
      };
      const reason = await waitFor(refused, { deadlineMs: 90_000, intervalMs: 500, what: "the new pod tells" });
      expect(reason).toContain("expected=chain, named=market");
      expect((await podNamed(podName, place))?.status.containerStatuses?.[0]?.restartCount).toBe(0);
    } finally {
      await patch(secret, own);
    }
    await waitFor(async () => isReady((await podNamed(podName, place)) as Pod), {
      ...{ deadlineMs: 150_000, intervalMs: 1_000, what: "it is ready with its own certificate" },
    });
    await allKept();
  }, 480_000);
});

async function contents(secret: string, names: readonly string[]): Promise<Record<string, string>> {
  const entries = names.map(async (name) => [name, await secretValue(secret, name.replaceAll(".", "\\."), place)]);
  return Object.fromEntries(await Promise.all(entries)) as Record<string, string>;
}

async function patch(secret: string, stringData: Record<string, string>): Promise<void> {
  const change = JSON.stringify({ stringData });
  await kubectl("patch", "secret", secret, "--namespace", place, "--type=merge", "--patch", change);
}

async function genesis(): Promise<string> {
  const map = ["configmap", "koinon-chain-genesis", "--namespace", place];
  return await kubectl("get", ...map, "--output", "jsonpath={.data.genesis\\.json}");
}

async function replaceGenesis(text: string): Promise<void> {
  const change = JSON.stringify({ data: { "genesis.json": text } });
  const map = ["configmap", "koinon-chain-genesis", "--namespace", place];
  await kubectl("patch", ...map, "--type=merge", "--patch", change);
}
