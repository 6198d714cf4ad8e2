package io.pcache.nativeio;

/**
 * Makes a failed access to a mapped page show itself now.
 *
 * <p>Where the system cannot deliver a page of a mapping, the virtual machine throws {@link
 * InternalError}. Interpreted code throws it at the access; compiled code goes on and throws it at
 * the next point where it looks for such things, which may lie behind the handler that was meant
 * for it. The return from a foreign call is such a point.
 */
public final class PageFaults {
  private PageFaults() {}

  /**
   * Returns when every access to a mapping made by this thread before this call has gone well.
   *
   * @throws InternalError where one has not, and nobody was told yet
   */
  public static void deliver() {
    Posix.doNothing();
  }
}
