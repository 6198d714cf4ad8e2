package io.pcache.format;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The value layouts of all fields on media: little-endian, at any alignment. */
public final class LittleEndian {
  /** u16 fields; read them as unsigned. */
  public static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** u32 fields; read them as unsigned. */
  public static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** u64 fields. */
  public static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private LittleEndian() {}
}
