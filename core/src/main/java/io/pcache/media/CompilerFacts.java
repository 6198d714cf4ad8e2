package io.pcache.media;

import java.util.Optional;

/** What a virtual machine tells about its compilers. */
interface CompilerFacts {
  /** What kind of virtual machine it is, as it calls itself. */
  String virtualMachine();

  /** The value of an option, or nothing where the virtual machine keeps it to itself. */
  Optional<String> option(String name);

  /** Whether there is a method that C2 has compiled. */
  boolean hasCompiledWithC2();
}
