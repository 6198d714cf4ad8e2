package io.pcache.cli;

import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.List;

/**
 * Ignores the signals that end a Java process by default though nobody means that by them: timers,
 * and what other programs take for "read the log file's name again" or the like. Those that Java
 * handles itself, and those that tell of a fault in the program, stay as they are.
 */
final class IgnoredSignals {
  private static final List<String> NAMES =
      List.of("USR1", "ALRM", "VTALRM", "PROF", "IO", "PWR", "STKFLT");

  private IgnoredSignals() {}

  /** From now on these signals do nothing. One that this system does not have is left out. */
  static void install() {
    try {
      MethodHandles.Lookup lookup = MethodHandles.publicLookup();
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object ignore = lookup.findStaticGetter(handler, "SIG_IGN", handler).invoke();
      MethodHandle named = lookup.findConstructor(signal, methodType(void.class, String.class));
      MethodHandle handle =
          lookup.findStatic(signal, "handle", methodType(handler, signal, handler));
      for (String name : NAMES) {
        ignore(named, handle, name, ignore);
      }
    } catch (Throwable e) {
      throw new IllegalStateException("this Java cannot handle signals", e);
    }
  }

  private static void ignore(MethodHandle named, MethodHandle handle, String name, Object ignore)
      throws Throwable {
    try {
      handle.invoke(named.invoke(name), ignore);
    } catch (IllegalArgumentException e) {
      // There is no such signal here, or the virtual machine keeps it for itself.
    }
  }
}
