package io.pcache.nativeio;

import java.io.IOException;

/** The file system, or the user's quota, has no room for a write. */
public final class FullFileSystemException extends IOException {
  private static final long serialVersionUID = 1L;

  FullFileSystemException(String message) {
    super(message);
  }
}
