package io.pcache.nbd;

import io.pcache.block.BlockDevice;
import io.pcache.error.BadOptionException;
import io.pcache.nbd.protocol.Handshake;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The exports of a server by name. Immutable. */
final class Exports {
  private final Map<String, Export> byName;
  private final @Nullable Export whenUnnamed;

  Exports(Map<String, BlockDevice> devices, String defaultName) {
    byName = new LinkedHashMap<>();
    devices.forEach(this::add);
    whenUnnamed = chooseDefault(defaultName);
  }

  private void add(String name, BlockDevice device) {
    int nameBytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (nameBytes > Handshake.MAX_STRING_BYTES || name.indexOf('\0') >= 0) {
      throw new BadOptionException(
          "export name of "
              + nameBytes
              + " bytes: expected at most "
              + Handshake.MAX_STRING_BYTES
              + ", without NUL");
    }
    if (device.sizeBytes() % BlockDevice.SECTOR_BYTES != 0) {
      throw new BadOptionException(
          "export '" + name + "' has " + device.sizeBytes() + " bytes, expected a multiple of 512");
    }
    byName.put(name, new Export(name, device));
  }

  private @Nullable Export chooseDefault(String defaultName) {
    if (byName.isEmpty()) {
      throw new BadOptionException("no export given; expected at least one device to serve");
    }
    Export named = byName.get(defaultName);
    if (named == null && !defaultName.isEmpty()) {
      throw new BadOptionException(
          "default export '" + defaultName + "' is none of " + byName.keySet());
    }
    return named == null && byName.size() == 1 ? byName.values().iterator().next() : named;
  }

  /** The export a client means, or null. */
  @Nullable Export find(String name) {
    return name.isEmpty() ? whenUnnamed : byName.get(name);
  }

  Collection<Export> all() {
    return byName.values();
  }
}
