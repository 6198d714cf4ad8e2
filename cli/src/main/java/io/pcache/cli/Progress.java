package io.pcache.cli;

/** Something that takes its time. Closing it ends its display. */
interface Progress extends AutoCloseable {
  /** Says how far it is, for the next time the display is brought up to date. */
  void at(String position);

  @Override
  void close();
}
