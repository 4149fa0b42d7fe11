import { expect, test } from "@jest/globals";
import { assertPlaintextAllowed, isByIp } from "./grpc-target.ts";

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

test("an address by IP is told from one by name", () => {
  const byIp = [
    "127.0.0.1:1",
    "10.0.0.1:7000",
    "[::1]:1",
    "[2001:db8::5]:7000",
    "ipv4:10.0.0.1:1,10.0.0.2:2",
    "dns:///10.0.0.1:1",
  ];
  for (const address of byIp) expect([address, isByIp(address)]).toEqual([address, true]);
  const byName = ["localhost:1", "market:7000", "10.0.0.1.evil.org:1", "dns:///market:7000", "unix:/run/x.sock", ""];
  for (const address of byName) expect([address, isByIp(address)]).toEqual([address, false]);
});
