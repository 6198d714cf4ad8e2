package io.pcache.media;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Queries the HotSpot virtual machine of this process. Requires the module {@value #MODULE}, which
 * a Java runtime may lack.
 */
final class HotSpotCompilers implements CompilerFacts {
  static final String MODULE = "jdk.management";

  private static final String DIAGNOSTIC_COMMANDS = "com.sun.management:type=DiagnosticCommand";
  private static final String LIST_COMPILED_METHODS = "compilerCodelist";

  /** A line of that list: number, level, state, method. Only C2 compiles for level 4. */
  private static final Pattern COMPILED_BY_C2 = Pattern.compile("^\\d+ 4 ", Pattern.MULTILINE);

  @Override
  public String virtualMachine() {
    return System.getProperty("java.vm.name", "");
  }

  @Override
  public Optional<String> option(String name) {
    try {
      return Optional.of(
          ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
              .getVMOption(name)
              .getValue());
    } catch (IllegalArgumentException noSuchOption) {
      return Optional.empty();
    }
  }

  @Override
  public boolean hasCompiledWithC2() {
    try {
      Object list =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName(DIAGNOSTIC_COMMANDS),
                  LIST_COMPILED_METHODS,
                  new Object[0],
                  new String[0]);
      return COMPILED_BY_C2.matcher(String.valueOf(list)).find();
    } catch (JMException e) {
      throw new IllegalStateException("it does not list its compiled methods: " + e, e);
    }
  }
}
