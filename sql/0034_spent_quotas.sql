-- What a person whose account was erased had spent on the AI that day, so that a new account of the same person brings no new quota. Rows stay 2 days.
CREATE TABLE spent_quotas (
  quota_day   DATE NOT NULL,
  person_hash BINARY(32) NOT NULL COMMENT 'HMAC of the openid''s hash, as in erasures',
  kind        VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'comment, image',
  charged     INT UNSIGNED NOT NULL,
  asked       INT UNSIGNED NOT NULL,
  PRIMARY KEY (quota_day, person_hash, kind)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
