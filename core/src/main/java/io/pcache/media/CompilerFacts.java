package io.pcache.media;

import java.util.Optional;

/** Facts about the compilers of a virtual machine. */
interface CompilerFacts {
  /** Returns the name of the virtual machine, as it reports itself. */
  String virtualMachine();

  /** Returns the value of an option, or empty if the virtual machine does not reveal it. */
  Optional<String> option(String name);

  /** Returns whether C2 has compiled any method. */
  boolean hasCompiledWithC2();
}
