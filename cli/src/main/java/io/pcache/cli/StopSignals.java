package io.pcache.cli;

import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.util.List;

/**
 * Turns the signals by which people and service managers stop a process into stop requests. A
 * shutdown hook would not do: it sees the first signal only, and cannot choose the exit code.
 *
 * <p>The launcher has them too, and passes them on in its own way: see {@link Launcher}.
 *
 * <p>The JDK's interface to signals is supported but kept out of the way: a compiler warns of it
 * whatever the program says, so it is reached by name.
 */
final class StopSignals {
  private static final List<String> NAMES = List.of("INT", "TERM", "HUP");

  private StopSignals() {}

  /** From now on, each such signal is a request to stop instead of the end of the process. */
  static void route(StopRequests requests) {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      MethodHandle request = lookup.bind(requests, "request", methodType(void.class));
      Object onSignal =
          MethodHandleProxies.asInterfaceInstance(
              handler, MethodHandles.dropArguments(request, 0, signal));
      MethodHandle named = lookup.findConstructor(signal, methodType(void.class, String.class));
      MethodHandle handle =
          lookup.findStatic(signal, "handle", methodType(handler, signal, handler));
      for (String name : NAMES) {
        handle.invoke(named.invoke(name), onSignal);
      }
    } catch (Throwable e) {
      throw new IllegalStateException("this Java cannot handle signals", e);
    }
  }
}
