-- When the provider made the newest heartbeat that was taken, by its own clock: an older one is not taken again, whichever replica it is sent to.
ALTER TABLE providers ADD COLUMN heartbeat_sent_at bigint NOT NULL DEFAULT 0;
