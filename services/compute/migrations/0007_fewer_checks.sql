-- PostgreSQL prepares every check of a table anew for each statement that writes to it: with eight of them a change of a balance cost more for
-- its checks than for itself. What may not be negative is one check now, and who an account belongs to, which never changes, is looked at when
-- it is written.
ALTER TABLE accounts
  DROP CONSTRAINT accounts_kind_check,
  DROP CONSTRAINT accounts_consumer_check,
  DROP CONSTRAINT accounts_check,
  DROP CONSTRAINT accounts_debits_pending_check,
  DROP CONSTRAINT accounts_debits_posted_check,
  DROP CONSTRAINT accounts_credits_pending_check,
  DROP CONSTRAINT accounts_credits_posted_check,
  DROP CONSTRAINT accounts_withdrawn_check,
  DROP CONSTRAINT budget_not_overdrawn,
  ADD CONSTRAINT balances_not_negative CHECK (
    least(debits_pending, debits_posted, credits_pending, credits_posted, withdrawn) >= 0
    AND (consumer IS NULL OR credits_posted - debits_posted >= debits_pending)
  );

CREATE FUNCTION check_account_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind NOT IN ('issuance', 'budget', 'provider') OR (NEW.kind = 'budget') <> (NEW.consumer IS NOT NULL)
    OR octet_length(NEW.consumer) <> 20 THEN
    RAISE check_violation USING MESSAGE = 'an account is of a known kind, and a budget, nothing else, has a consumer of 20 bytes';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER account_owner BEFORE INSERT OR UPDATE OF kind, consumer ON accounts FOR EACH ROW EXECUTE FUNCTION check_account_owner();
