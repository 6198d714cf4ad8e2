package io.pcache.nbd;

import java.nio.charset.StandardCharsets;

/** The metadata contexts of block status. */
enum MetaContext {
  /**
   * The protocol's own: whether a range is a hole or reads as zeroes. A cache cannot know, so
   * everything is data.
   */
  BASE_ALLOCATION(1, "base:allocation"),
  /** What the cache holds of a range: 0 missing, 1 clean, 2 dirty. */
  PCACHE_STATE(2, "pcache:state");

  private final int id;
  private final String contextName;

  @SuppressWarnings("ImmutableEnumChecker") // written here, and only copies leave
  private final byte[] wireName;

  MetaContext(int id, String contextName) {
    this.id = id;
    this.contextName = contextName;
    this.wireName = contextName.getBytes(StandardCharsets.UTF_8);
  }

  /** The number by which replies refer to it. */
  int id() {
    return id;
  }

  byte[] wireName() {
    return wireName.clone();
  }

  /** Whether this is the context of that name. */
  boolean isNamed(String query) {
    return contextName.equals(query);
  }

  /** Whether a listing for the query shows it: its name, or its namespace alone. */
  boolean isListedBy(String query) {
    return isNamed(query) || contextName.substring(0, contextName.indexOf(':') + 1).equals(query);
  }
}
