package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(600)
class ControlSocketOptionTest {
  private static final String SCRIPT =
      """
      "$PCACHE" format cache --size 512M >/dev/null
      "$PCACHE" format other --size 512M >/dev/null
      truncate -s 1G disk disk2
      mkdir run
      "$PCACHE" serve --cache cache --backing disk --listen "unix:$PWD/nbd" --control-socket run/c >out 2>&1 &
      daemon=$!
      trap 'kill -9 $daemon 2>/dev/null || true' EXIT
      for ((i = 0; i < 600; i++)); do
        grep -qs nbd+unix out && break
        kill -0 $daemon 2>/dev/null || break
        sleep 0.1
      done
      cat out
      "$PCACHE" status --timeout 60 --socket run/c
      "$PCACHE" serve --cache other --backing disk2 --listen "unix:$PWD/nbd2" --control-socket run/c || echo "serve $?"
      "$PCACHE" status --timeout 60 --socket run/c --dm
      kill $daemon
      wait $daemon
      ls run
      "$PCACHE" serve --cache cache --backing disk --control-socket missing/c || echo "serve $?"
      "$PCACHE" serve --cache cache --backing disk --control-socket "run/$(printf 'x%.0s' {1..108})" || echo "serve $?"
      """;

  @TempDir Path folder;

  @Test
  void theControlSocketGoesWhereItIsWantedUnlessAnotherDaemonAnswersThere() throws Exception {
    assertThat(LauncherShell.output(folder, SCRIPT))
        .contains("faults      none\n")
        .containsPattern("pcache: .*run/c is served by another process.*\nserve 13\n")
        .containsPattern("pcache: .*missing/c.*\nserve 2\n")
        .containsPattern("pcache: .*xxx.* bytes.*\nserve 2\n")
        .doesNotContain("\nc\n")
        .endsWith("exit 0\n");
  }
}
