package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Seeds.class)
class SectorContentTest {
  private @TempDir Path folder;

  @Test
  void aSectorTellsItsIdOnlyInItsOwnPlace() {
    MemorySegment two = MemorySegment.ofArray(new byte[1024]);
    SectorContent.fill(two, 7, 99);

    assertThat(SectorContent.idAt(two, 0, 7)).isEqualTo(99);
    assertThat(SectorContent.idAt(two, 512, 8)).isEqualTo(99);
    assertThat(SectorContent.idAt(two, 512, 7)).isEqualTo(SectorContent.FOREIGN);
  }

  @Test
  void oneForeignByteMakesASectorForeign() {
    MemorySegment sector = MemorySegment.ofArray(new byte[512]);
    for (int at = 0; at < 512; at++) {
      SectorContent.fill(sector, 3, 5);
      byte old = sector.get(ValueLayout.JAVA_BYTE, at);
      sector.set(ValueLayout.JAVA_BYTE, at, (byte) (old + 1));
      assertThat(SectorContent.idAt(sector, 0, 3))
          .as("byte %d", at)
          .isEqualTo(SectorContent.FOREIGN);
    }
  }

  @Test
  void zeroesHaveTheirOwnIdEverywhere() {
    MemorySegment sector = MemorySegment.ofArray(new byte[512]);
    assertThat(SectorContent.idAt(sector, 0, 12_345)).isEqualTo(SectorContent.ZERO_ID);
    sector.set(ValueLayout.JAVA_BYTE, 511, (byte) 1);
    assertThat(SectorContent.idAt(sector, 0, 12_345)).isEqualTo(SectorContent.FOREIGN);
  }

  @Test
  void operationsSurviveTheirFile(Seed seed) throws IOException {
    Ops ops = Ops.random(seed.random(), 500, 8 << 20, 1 << 20, 1);
    Path file = folder.resolve("ops");
    ops.write(file);

    try (InputStream in = Files.newInputStream(file)) {
      assertThat(Ops.read(in)).isEqualTo(ops);
    }
  }

  @Test
  void randomOperationsStayOnTheDevice(Seed seed) {
    assertThat(Ops.random(seed.random(), 2000, 1 << 20, 1 << 19, 1).list())
        .allSatisfy(op -> {
          assertThat(op.offsetBytes() + op.lengthBytes()).isLessThanOrEqualTo(1 << 20);
          assertThat(op.offsetBytes() % 512 + op.lengthBytes() % 512).isZero();
        });
  }

  @Test
  void anUnknownOperationIsRefused() {
    assertThatThrownBy(() -> Op.parse("z 0 512")).hasMessageContaining("'z'");
    assertThatThrownBy(() -> Op.parse("w 0 512")).hasMessageContaining("3 operands");
  }

  @Test
  void theContentOfAFileIsTheContentOfItsModel() throws IOException {
    ExpectedContent content = new ExpectedContent(3 << 20, SectorContent.BACKING_ID);
    content.replay(
        new Ops(List.of(Op.write(512, 1 << 20, 1), Op.read(0, 512), Op.fuaWrite(1024, 512, 2))));
    Path file = folder.resolve("device");
    content.writeTo(file);

    assertThat(Sha256.of(file)).isEqualTo(content.sha256());
    assertThat(List.of(content.id(0), content.id(1), content.id(2), content.id(3)))
        .containsExactly(SectorContent.BACKING_ID, 1, 2, 1);
  }
}
