package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import org.junit.jupiter.api.Test;

class SeedsTest {
  @Test
  void thePropertyDecides() {
    assertThat(Seeds.choose("-12", Seeds::ofCommit)).isEqualTo(new Seed(-12));
    assertThat(Seeds.choose("0x10", Seeds::fresh)).isEqualTo(new Seed(16));
  }

  @Test
  void aFreshSeedIsNotTheLastOne() {
    assertThat(Seeds.choose(null, Seeds::fresh)).isNotEqualTo(Seeds.choose(null, Seeds::fresh));
  }

  @Test
  void aCommitAlwaysGivesTheSameSeed() {
    assertThat(Seeds.fromHash("00000000000001f4aaaaaaaaaaaaaaaaaaaaaaaa")).isEqualTo(0x1f);
  }

  @Test
  void theRepeatCommandNamesModuleTestAndSeed() throws NoSuchMethodException {
    Method test = SeedsTest.class.getDeclaredMethod("thePropertyDecides");
    assertThat(Seeds.repeatCommand(test, new Seed(5)))
        .isEqualTo(
            "mvn -pl testkit -am test -Dtest='io.pcache.testkit.SeedsTest#thePropertyDecides' "
                + "-Dsurefire.failIfNoSpecifiedTests=false -Dpcache.seed=5");
  }

  @Test
  void partsOfOneSeedAreIndependent() {
    Seed seed = new Seed(1);
    assertThat(seed.random(0).nextLong()).isNotEqualTo(seed.random(1).nextLong());
    assertThat(seed.random(0).nextLong()).isEqualTo(seed.random(0).nextLong());
  }
}
