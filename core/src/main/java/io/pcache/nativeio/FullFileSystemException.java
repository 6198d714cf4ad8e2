package io.pcache.nativeio;

import java.io.IOException;

/** The file system, or the quota of its user, has no room for what was to be written. */
public final class FullFileSystemException extends IOException {
  private static final long serialVersionUID = 1L;

  FullFileSystemException(String message) {
    super(message);
  }
}
