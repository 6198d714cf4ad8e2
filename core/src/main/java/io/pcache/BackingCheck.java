package io.pcache;

/** What an open does about the backing device's identity. */
public enum BackingCheck {
  /** Refuses a backing device that does not match the identity record. */
  VERIFY,

  /** Accepts any backing device that can hold the cached data, and records it. */
  ADOPT
}
