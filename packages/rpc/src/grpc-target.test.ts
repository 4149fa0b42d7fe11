import { expect, test } from "@jest/globals";
import { assertPlaintextAllowed } from "./grpc-target.ts";

test("plaintext goes over unix sockets, over loopback when asked for, and nowhere else", () => {
  const allowed = (address: string, loopback: boolean): boolean => {
    try {
      assertPlaintextAllowed(address, loopback);
      return true;
    } catch {
      return false;
    }
  };
  for (const address of ["unix:/run/koinon/x.sock", "unix:x.sock"])
    expect([address, allowed(address, false)]).toEqual([address, true]);
  const loopback = [
    "127.0.0.1:1",
    "127.9.9.9:1",
    "[::1]:1",
    "localhost:1",
    "ipv4:127.0.0.1:1,127.0.0.2:2",
    "dns:///localhost:1",
  ];
  for (const address of loopback) {
    expect([address, allowed(address, false), allowed(address, true)]).toEqual([address, false, true]);
  }
  const network = [
    "0.0.0.0:1",
    "[::]:1",
    "10.0.0.1:1",
    "market:7000",
    "ipv4:127.0.0.1:1,10.0.0.1:2",
    "127.0.0.1.evil.org:1",
    "localhost.evil:1",
    "",
  ];
  for (const address of network) expect([address, allowed(address, true)]).toEqual([address, false]);
});
