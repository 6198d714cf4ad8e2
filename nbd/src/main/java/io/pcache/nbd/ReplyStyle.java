package io.pcache.nbd;

/** Which headers client and server agreed on. */
enum ReplyStyle {
  /** Compact requests, simple replies. */
  SIMPLE,
  /** Compact requests, replies in chunks. */
  STRUCTURED,
  /** 64-bit requests and chunks. */
  EXTENDED
}
