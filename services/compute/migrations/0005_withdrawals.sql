-- What is left of a budget can go back to issuance, from where it came. It is neither limit nor spent any more.
ALTER TABLE accounts ADD COLUMN withdrawn numeric(39) NOT NULL DEFAULT 0 CHECK (withdrawn >= 0);

-- Transfers from budgets back to issuance, by the request id that makes each happen once.
CREATE TABLE withdrawals (
  request_id text PRIMARY KEY,
  account bigint NOT NULL REFERENCES accounts,
  amount numeric(39) NOT NULL CHECK (amount >= 0),
  withdrawn_at bigint NOT NULL
);

CREATE OR REPLACE VIEW transfers AS
  SELECT 'deposit' AS kind, request_id AS reference, (SELECT id FROM accounts WHERE kind = 'issuance') AS debit,
    account AS credit, amount, 'posted' AS state
  FROM deposits
  UNION ALL
  SELECT 'withdrawal', request_id, account, (SELECT id FROM accounts WHERE kind = 'issuance'), amount, 'posted' FROM withdrawals
  UNION ALL
  SELECT 'request', encode(request_id, 'hex'), account, payee, amount, 'pending' FROM reservations
  UNION ALL
  SELECT 'request', encode(request_id, 'hex'), account, payee, fee, 'posted' FROM settlements WHERE state = 'settled';
