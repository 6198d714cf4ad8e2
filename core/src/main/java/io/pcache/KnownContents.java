package io.pcache;

import io.pcache.format.Superblock;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Recognises what a device holds by the signatures that file systems, partition tables and the like
 * leave on it.
 */
final class KnownContents {
  /** A signature's bytes in hexadecimal, and where they lie. */
  private record Signature(String what, long offsetBytes, String hex) {
    static Signature ofText(String what, long offsetBytes, String text) {
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      return new Signature(what, offsetBytes, HexFormat.of().formatHex(bytes));
    }

    boolean isOn(MemorySegment view) {
      MemorySegment bytes = MemorySegment.ofArray(HexFormat.of().parseHex(hex));
      long endBytes = offsetBytes + bytes.byteSize();
      return view.byteSize() >= endBytes
          && MemorySegment.mismatch(view, offsetBytes, endBytes, bytes, 0, bytes.byteSize()) < 0;
    }
  }

  private static final List<Signature> SIGNATURES =
      List.of(
          new Signature("an ext2, ext3 or ext4 file system", 0x438, "53ef"),
          Signature.ofText("an XFS file system", 0, "XFSB"),
          Signature.ofText("a Btrfs file system", 0x10040, "_BHRfS_M"),
          new Signature("an F2FS file system", 0x400, "1020f5f2"),
          new Signature("a LUKS volume", 0, "4c554b53babe"),
          Signature.ofText("an LVM physical volume", 512, "LABELONE"),
          Signature.ofText("a swap area", 4086, "SWAPSPACE2"),
          new Signature("a bcache device", 4096 + 24, "c68573f64e1a45ca8265f57f48ba6d81"),
          new Signature("a qcow2 image", 0, "514649fb"),
          Signature.ofText("an NTFS file system", 3, "NTFS    "),
          Signature.ofText("a GPT partition table", 512, "EFI PART"),
          new Signature("a partition table or boot sector", 510, "55aa"));

  private KnownContents() {}

  /** What a device holds, in words, or empty where nothing known is found. */
  static Optional<String> of(MemorySegment view) {
    if (Superblock.isPresent(view)) {
      return Optional.of("a pcache cache");
    }
    return SIGNATURES.stream().filter(s -> s.isOn(view)).map(Signature::what).findFirst();
  }
}
