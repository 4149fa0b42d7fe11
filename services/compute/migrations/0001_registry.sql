-- Providers of the market and the signed documents that settlements refer to. Times are milliseconds since the epoch.

-- Kept for ever: a settlement is only worth something together with the certificate, quote and manifest it rests on.
CREATE TABLE certificates (
  id bytea PRIMARY KEY CHECK (octet_length(id) = 32),
  content bytea NOT NULL,
  signature bytea NOT NULL CHECK (octet_length(signature) = 65)
);

CREATE TABLE manifests (
  hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  content bytea NOT NULL
);

CREATE TABLE quotes (
  price_id bytea PRIMARY KEY CHECK (octet_length(price_id) = 32),
  content bytea NOT NULL,
  signature bytea NOT NULL CHECK (octet_length(signature) = 65)
);

CREATE TABLE providers (
  address bytea PRIMARY KEY CHECK (octet_length(address) = 20),
  name text NOT NULL,
  name_key text NOT NULL UNIQUE,
  region text NOT NULL,
  endpoint text NOT NULL,
  capacity int NOT NULL CHECK (capacity > 0),
  -- uint64, which int8 can not hold.
  sequence numeric(20) NOT NULL,
  expires_at bigint NOT NULL,
  announcement_id bytea NOT NULL CHECK (octet_length(announcement_id) = 32),
  announcement bytea NOT NULL,
  announcement_signature bytea NOT NULL,
  certificate_id bytea NOT NULL REFERENCES certificates,
  last_seen_at bigint NOT NULL,
  draining boolean NOT NULL DEFAULT false,
  active int NOT NULL DEFAULT 0,
  queued int NOT NULL DEFAULT 0,
  strikes int NOT NULL DEFAULT 0,
  last_strike_at bigint NOT NULL DEFAULT 0,
  strike_reason text NOT NULL DEFAULT '',
  failing_until bigint NOT NULL DEFAULT 0,
  ended_sessions bytea[] NOT NULL DEFAULT '{}',
  served bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0
);

-- What a provider offers now, in the order of its announcement.
CREATE TABLE offers (
  provider bytea NOT NULL REFERENCES providers ON DELETE CASCADE,
  position int NOT NULL,
  subject bytea NOT NULL REFERENCES manifests,
  price_id bytea NOT NULL REFERENCES quotes,
  PRIMARY KEY (provider, position)
);

-- Processes of the market that are alive: only a request whose market is not may be settled on its provider's word.
CREATE TABLE market_instances (
  id text PRIMARY KEY,
  lease_until bigint NOT NULL
);
