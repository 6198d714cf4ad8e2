package io.pcache.fuzz;

import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LittleEndian;
import java.lang.foreign.MemorySegment;

/**
 * A harness with a fault put in: it believes the number of keys where the magic is right and the
 * LAST flag is not set. Fuzzing has to find it.
 */
public final class TrustingDecoder {
  private TrustingDecoder() {}

  /** Carries one input out. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    if (bytes.length < KeySetRecord.HEADER_BYTES) {
      return;
    }
    MemorySegment keySet = MemorySegment.ofArray(bytes);
    if (keySet.get(LittleEndian.U64, KeySetRecord.MAGIC_OFFSET) != KeySetRecord.MAGIC
        || KeySetRecord.isLast(keySet, 0)) {
      return;
    }
    int keys = KeySetRecord.keyCountOrNextSegment(keySet, 0);
    for (int i = 0; i < keys; i++) {
      int unused = KeyRecord.len(keySet, KeySetRecord.keyOffset(i));
    }
  }
}
