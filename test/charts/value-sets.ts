const database = (service: string) => ({ secretName: `${service}-database` });

/** The least an operator must say: where each database is. */
export const minimal = {
  gateway: { database: database("gateway") },
  market: { database: database("market") },
  poi: { database: database("poi") },
};

/** Everything on: certificates, autoscaling, monitoring, several providers. */
export const production = {
  gateway: { ...minimal.gateway, tls: { secretName: "gateway-tls" }, serviceMonitor: { enabled: true } },
  market: { ...minimal.market, tls: { secretName: "market-tls" }, serviceMonitor: { enabled: true } },
  poi: {
    ...minimal.poi,
    tls: { secretName: "poi-tls" },
    serviceMonitor: { enabled: true },
    secretFiles: { "log-key": { secretName: "log-key", mountPath: "/etc/koinon/log" } },
  },
  provider: { tls: { secretName: "provider-tls" }, serviceMonitor: { enabled: true }, replicas: 3 },
};

/** One service alone, the others elsewhere. */
export const providerOnly = {
  gateway: { enabled: false },
  market: { enabled: false },
  poi: { enabled: false },
};

export const valueSets = { minimal, production, providerOnly };
