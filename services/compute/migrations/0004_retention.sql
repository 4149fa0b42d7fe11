-- Voided requests are removed after a while, oldest first. They moved no money: what is settled or deposited stays for ever.
CREATE INDEX settlements_voided ON settlements (closed_at) WHERE state = 'voided';
