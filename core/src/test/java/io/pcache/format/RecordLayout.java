package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;

/** A record's fields, where its descriptor's constants place them. */
final class RecordLayout {
  private record Field(String name, long offsetBytes, int sizeBytes) {
    long endBytes() {
      return offsetBytes + sizeBytes;
    }
  }

  private static final int WORD_BYTES = 8;

  private final String name;
  private final int sizeBytes;
  private final List<Field> fields = new ArrayList<>();

  RecordLayout(String name, int sizeBytes) {
    this.name = name;
    this.sizeBytes = sizeBytes;
  }

  /** A record that starts with the header of all records that are kept twice. */
  static RecordLayout ofTwoSlots(TwoSlotLayout layout) {
    return new RecordLayout(layout.name(), layout.sizeBytes())
        .field("crc", TwoSlotLayout.CRC_OFFSET, 4)
        .field("seq", TwoSlotLayout.SEQ_OFFSET, 1)
        .field("version", TwoSlotLayout.VERSION_OFFSET, 1)
        .field("reserved", TwoSlotLayout.VERSION_OFFSET + 1L, 2);
  }

  RecordLayout field(String fieldName, long offsetBytes, int fieldBytes) {
    fields.add(new Field(fieldName, offsetBytes, fieldBytes));
    return this;
  }

  /** The fields follow each other without gap or overlap and fill the record. */
  void checkIsContiguous() {
    long at = 0;
    for (Field field : fields) {
      assertThat(field.offsetBytes()).as("start of %s.%s", name, field.name()).isEqualTo(at);
      at = field.endBytes();
    }
    assertThat(at).as("end of the last field of %s", name).isEqualTo(sizeBytes);
  }

  /** No field straddles a boundary of its own size, so none is torn between two 8-byte words. */
  void checkIsAligned() {
    for (Field field : fields) {
      int alignment = Math.min(field.sizeBytes(), WORD_BYTES);
      assertThat(field.offsetBytes() % alignment).as("%s.%s", name, field.name()).isZero();
    }
    assertThat(sizeBytes % WORD_BYTES).as("size of %s", name).isZero();
  }

  /** A line for the record and one for each field. */
  String describe() {
    StringBuilder text = new StringBuilder("%s: %d bytes%n".formatted(name, sizeBytes));
    for (Field field : fields) {
      text.append(
          "  %4d %4d  %s%n".formatted(field.offsetBytes(), field.sizeBytes(), field.name()));
    }
    return text.toString();
  }
}
