package io.pcache;

import io.pcache.format.CacheRegions;
import io.pcache.format.MediaLayout;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Recognises a device's contents by the signatures of file systems, partition tables and similar
 * formats. {@link Blkid} may know further ones. A cache is recognised by its {@link
 * io.pcache.format.CacheTraces}.
 */
final class KnownContents {
  /**
   * What a device holds, and where its signature is.
   *
   * @param what a description, as part of a sentence
   * @param lengthBytes the signature's length; 0 if its place is unknown
   */
  record Found(String what, long offsetBytes, long lengthBytes) {
    private static Found somewhere(String what) {
      return new Found(what, 0, 0);
    }

    /** Describes the signature's place in parentheses; empty if it is unknown. */
    String place() {
      return lengthBytes == 0 ? "" : " (%d bytes at byte %d)".formatted(lengthBytes, offsetBytes);
    }
  }

  /** A signature: its bytes in hexadecimal, and their offset on a device of a given size. */
  private record Signature(String what, LongUnaryOperator offsetBytes, String hex) {
    static Signature at(String what, long offsetBytes, String hex) {
      return new Signature(what, _ -> offsetBytes, hex);
    }

    static Signature ofText(String what, long offsetBytes, String text) {
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      return at(what, offsetBytes, HexFormat.of().formatHex(bytes));
    }

    Optional<Found> on(MemorySegment view) {
      MemorySegment bytes = MemorySegment.ofArray(HexFormat.of().parseHex(hex));
      long at = offsetBytes.applyAsLong(view.byteSize());
      long end = at + bytes.byteSize();
      boolean isThere =
          at >= 0
              && view.byteSize() >= end
              && MemorySegment.mismatch(view, at, end, bytes, 0, bytes.byteSize()) < 0;
      return isThere ? Optional.of(new Found(what, at, bytes.byteSize())) : Optional.empty();
    }
  }

  private static final String MD_MAGIC = "fc4e2ba9";
  private static final String MD = "a member of an MD array";
  private static final long ZFS_LABEL_BYTES = 256 << 10;
  private static final long ZFS_UBERBLOCKS_OFFSET = 128 << 10;
  private static final int ZFS_UBERBLOCKS = 128;
  private static final long FIRST_DATA_AREA_OFFSET =
      MediaLayout.SEGMENTS_OFFSET + MediaLayout.SEGMENT_HEADER_BYTES;

  private static final List<Signature> SIGNATURES =
      Stream.of(
              Stream.of(
                  Signature.at("an ext2, ext3 or ext4 file system", 0x438, "53ef"),
                  Signature.ofText("an XFS file system", 0, "XFSB"),
                  Signature.ofText("a Btrfs file system", 0x10040, "_BHRfS_M"),
                  Signature.at("an F2FS file system", 0x400, "1020f5f2"),
                  Signature.at("a LUKS volume", 0, "4c554b53babe"),
                  Signature.ofText("an LVM physical volume", 0, "LABELONE"),
                  Signature.ofText("an LVM physical volume", 512, "LABELONE"),
                  Signature.ofText("an LVM physical volume", 1024, "LABELONE"),
                  Signature.ofText("an LVM physical volume", 1536, "LABELONE"),
                  Signature.ofText("a swap area", 4086, "SWAPSPACE2"),
                  Signature.at("a bcache device", 4096 + 24, "c68573f64e1a45ca8265f57f48ba6d81"),
                  Signature.at("the metadata of a dm-cache", 32, "03c4180000000000"),
                  Signature.at("the metadata of a dm-thin pool", 32, "ba529c0100000000"),
                  Signature.at("a dm-writecache device", 0, "21934823"),
                  Signature.ofText("a dm-integrity device", 0, "integrt\0"),
                  Signature.ofText("a VDO volume", 0, "dmvdo001"),
                  Signature.ofText("a Ceph BlueStore device", 0, "bluestore block device"),
                  Signature.at(MD, 0, MD_MAGIC),
                  Signature.at(MD, 4096, MD_MAGIC),
                  new Signature(MD, KnownContents::mdNearTheEnd, MD_MAGIC),
                  new Signature(MD, KnownContents::mdOldStyle, MD_MAGIC),
                  Signature.at("a qcow2 image", 0, "514649fb"),
                  Signature.ofText("an NTFS file system", 3, "NTFS    ")),
              zfs(),
              Stream.of(
                  Signature.ofText("a GPT partition table", 512, "EFI PART"),
                  Signature.at("a partition table or boot sector", 510, "55aa")))
          .flatMap(signatures -> signatures)
          .toList();

  private KnownContents() {}

  /**
   * Returns the offset of a version 1.0 superblock: 8 KiB before the end, rounded down to 4 KiB.
   */
  private static long mdNearTheEnd(long deviceBytes) {
    return (deviceBytes - (8 << 10)) & -(4L << 10);
  }

  /**
   * Returns the offset of a version 0.90 superblock: 64 KiB before the end, which is first rounded
   * down to 64 KiB.
   */
  private static long mdOldStyle(long deviceBytes) {
    return (deviceBytes & -(64L << 10)) - (64 << 10);
  }

  /** The uberblocks in the first label and in the last, in either byte order. */
  private static Stream<Signature> zfs() {
    return IntStream.range(0, ZFS_UBERBLOCKS)
        .mapToObj(i -> ZFS_UBERBLOCKS_OFFSET + ((long) i << 10))
        .flatMap(at -> Stream.of(zfs(_ -> at), zfs(size -> lastZfsLabel(size) + at)))
        .flatMap(places -> places);
  }

  private static long lastZfsLabel(long deviceBytes) {
    return (deviceBytes & -ZFS_LABEL_BYTES) - ZFS_LABEL_BYTES;
  }

  private static Stream<Signature> zfs(LongUnaryOperator offsetBytes) {
    String what = "a member of a ZFS pool";
    return Stream.of(
        new Signature(what, offsetBytes, "0cb1ba0000000000"),
        new Signature(what, offsetBytes, "0000000000bab10c"));
  }

  /**
   * Returns what a device holds besides a cache; empty if nothing known is found. If a cache stands
   * there, a signature among the cached data does not count.
   *
   * @param device its path, for programs that open it themselves
   * @param view its bytes
   */
  static Optional<Found> of(Path device, MemorySegment view) {
    CacheRegions cache = CacheRegions.on(view);
    return SIGNATURES.stream()
        .flatMap(signature -> signature.on(view).stream())
        .filter(found -> !cache.hold(found.offsetBytes(), found.lengthBytes()))
        .findFirst()
        .or(() -> ask(device, cache).map(Found::somewhere));
  }

  /** Where a cache stands, blkid is to see only what lies before all data areas. */
  private static Optional<String> ask(Path device, CacheRegions cache) {
    return cache.areThere()
        ? Blkid.recogniseHead(device, FIRST_DATA_AREA_OFFSET)
        : Blkid.recognise(device);
  }
}
