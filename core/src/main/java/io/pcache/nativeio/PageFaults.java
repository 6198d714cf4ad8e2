package io.pcache.nativeio;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Makes a failed access to a mapped page take effect now.
 *
 * <p>If the system cannot deliver a page of a mapping, the virtual machine throws {@link
 * InternalError}. Interpreted code throws it at the access. Compiled code continues, and throws it
 * at the next point that checks for such errors. That point may lie behind the intended handler.
 * The return from a foreign call is such a point.
 */
public final class PageFaults {
  private PageFaults() {}

  /**
   * Returns if all earlier accesses of this thread to mappings have succeeded.
   *
   * @throws InternalError if one has failed and the error was not thrown yet
   */
  public static void deliver() {
    Posix.doNothingWith(0);
  }

  /**
   * Returns whether one page of a mapping can be accessed. A page behind the end of its file cannot
   * be. This makes no system call if the page is resident, and reads it from the device otherwise.
   *
   * @param offsetBytes any byte of the page
   * @throws InternalError if an earlier access has failed and the error was not thrown yet
   */
  public static boolean canAccess(MemorySegment mapping, long offsetBytes) {
    deliver();
    try {
      Posix.doNothingWith(mapping.get(ValueLayout.JAVA_BYTE, offsetBytes));
      return true;
    } catch (InternalError e) {
      return false;
    }
  }

  /**
   * Keeps one page of a mapping resident until it is unmapped. Then an access to it waits for no
   * device. If the file is cut before the page, the page goes all the same.
   *
   * @param offsetBytes any byte of the page
   * @return false if the system refuses, for example because of a limit of locked memory
   */
  public static boolean keepResident(MemorySegment mapping, long offsetBytes) {
    return Posix.mlock(mapping.asSlice(offsetBytes, 1)) == 0;
  }
}
