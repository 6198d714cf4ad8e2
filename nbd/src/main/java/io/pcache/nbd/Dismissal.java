package io.pcache.nbd;

/** Why a server sent a client away. */
public enum Dismissal {
  /** Refused: as many clients are connected as may be. */
  CONNECTION_LIMIT("connection-limit", true),

  /** Refused: the server closes. */
  CLOSING("closing", true),

  /** Refused: there was no thread or no memory for the connection. */
  NO_RESOURCES("no-resources", true),

  /** Cut off: the client said what the protocol forbids. */
  PROTOCOL_VIOLATION("protocol-violation", false),

  /** Cut off: the client did not come to an end of its handshake. */
  HANDSHAKE_TIMEOUT("handshake-timeout", false),

  /** Cut off: the client stood still in the middle of a message, and others waited for memory. */
  STALLED("stalled", false),

  /** Cut off: its requests were not done in time when the server closed. */
  UNFINISHED("unfinished", false),

  /** Cut off: a fault of the server or of its device. */
  SERVER_FAULT("server-fault", false);

  private final String label;
  private final boolean refusal;

  Dismissal(String label, boolean refusal) {
    this.label = label;
    this.refusal = refusal;
  }

  /** What people and programs read. */
  public String label() {
    return label;
  }

  /** Whether the client was not let in at all; else it was cut off. */
  public boolean isRefusal() {
    return refusal;
  }
}
