package io.pcache;

import io.pcache.format.Superblock;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Recognises what a device holds by the signatures that file systems, partition tables and the like leave on it. */
final class KnownContents {
  private record Signature(String what, long offsetBytes, byte[] bytes) {
    static Signature text(String what, long offsetBytes, String text) {
      return new Signature(what, offsetBytes, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    boolean isOn(MemorySegment view) {
      return view.byteSize() >= offsetBytes + bytes.length
          && MemorySegment.mismatch(
                  view, offsetBytes, offsetBytes + bytes.length, MemorySegment.ofArray(bytes), 0, bytes.length)
              < 0;
    }
  }

  private static final List<Signature> SIGNATURES =
      List.of(
          Signature.text("an ext2, ext3 or ext4 file system", 0x438, "\u0053\u00EF"),
          Signature.text("an XFS file system", 0, "XFSB"),
          Signature.text("a Btrfs file system", 0x10040, "_BHRfS_M"),
          Signature.text("an F2FS file system", 0x400, "\u0010\u0020\u00F5\u00F2"),
          Signature.text("a LUKS volume", 0, "LUKS\u00BA\u00BE"),
          Signature.text("an LVM physical volume", 512, "LABELONE"),
          Signature.text("a swap area", 4086, "SWAPSPACE2"),
          Signature.text("a bcache device", 4096 + 24, "\u00C6\u0085\u0073\u00F6\u004E\u001A\u0045\u00CA"),
          Signature.text("a qcow2 image", 0, "QFI\u00FB"),
          Signature.text("an NTFS file system", 3, "NTFS    "),
          Signature.text("a GPT partition table", 512, "EFI PART"),
          Signature.text("a partition table or boot sector", 510, "\u0055\u00AA"));

  private KnownContents() {}

  /** What a device holds, in words, or empty where nothing known is found. */
  static Optional<String> of(MemorySegment view) {
    if (Superblock.isPresent(view)) {
      return Optional.of("a pcache cache");
    }
    for (Signature signature : SIGNATURES) {
      if (signature.isOn(view)) {
        return Optional.of(signature.what);
      }
    }
    return Optional.empty();
  }
}
