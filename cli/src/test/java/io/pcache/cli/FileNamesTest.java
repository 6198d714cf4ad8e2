package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * File names of other than ASCII characters, in the locales that service managers and cron give.
 * The names are made by the shell, because the locale of the tests themselves may not hold them.
 */
@Timeout(600)
class FileNamesTest {
  private static final String NAME = "gr\u00fcn";

  /** Formats, serves, asks, and stops; all names are of two bytes for one letter. */
  private static final String SCRIPT =
      """
      folder=$(printf 'gr\\303\\274n')
      mkdir "$folder"
      truncate -s 1G "$folder/disk"
      keep="env -i PCACHE_CLASSPATH=$PCACHE_CLASSPATH JAVA_HOME=$JAVA_HOME"
      [[ $1 == env ]] && clean=$keep || clean="env LC_ALL=$1"
      $clean "$PCACHE" format "$folder/cache" --size 512M --label "$folder"
      $clean "$PCACHE" serve --cache "$folder/cache" --backing "$folder/disk" --listen "unix:$folder/s" >out 2>&1 &
      daemon=$!
      trap 'kill -9 $daemon 2>/dev/null || true' EXIT
      for ((i = 0; i < 600; i++)); do
        [[ -S $folder/cache.pcache.sock ]] && grep -qs nbd+unix out && break
        kill -0 $daemon || { cat out; exit 1; }
        sleep 0.1
      done
      ls "$folder"
      $clean "$PCACHE" status --timeout 60 --cache "$folder/cache"
      $clean "$PCACHE" status --timeout 60 --socket "$folder/cache.pcache.sock" --json
      $clean "$PCACHE" status --timeout 60 --cache "$folder/missing" || true
      $clean "$PCACHE" serve --cache "$folder/cache" --backing "$folder/missing" || true
      kill $daemon
      wait $daemon
      """;

  @TempDir Path folder;

  @DisplayName("hazard 35: file names are UTF-8 whatever the locale")
  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX", "env"})
  void areReadAndWrittenAsUtf8WhateverTheLocale(String locale) throws Exception {
    assertThat(LauncherShell.output(folder, SCRIPT, locale))
        .contains("formatted " + NAME + "/cache\n")
        .contains("\ncache.pcache.sock\n", "\ns\n")
        .contains("'" + NAME + "' ", "/" + NAME + "/cache\n")
        .contains("\"label\" : \"" + NAME + "\"")
        .contains("pcache: " + NAME + "/missing: no pcache serves it")
        .contains("/" + NAME + "/missing: no such file")
        .endsWith("exit 0\n")
        .doesNotContain("?", "\ufffd");
  }

  @Test
  void anArgumentThatIsNotUtf8IsRefused() throws Exception {
    String script = "exec \"$PCACHE\" status --cache \"$(printf 'bad\\377\\033name')\"";
    assertThat(LauncherShell.output(folder, script))
        .startsWith("pcache: 'bad\\xff\\x1bname'")
        .contains("UTF-8")
        .endsWith("\nexit 2\n")
        .hasLineCount(2);
  }

  @Test
  void aReplacementCharacterIsAnOrdinaryOne() throws Exception {
    String script = "exec \"$PCACHE\" status --cache \"$(printf '\\357\\277\\275')\"";
    assertThat(LauncherShell.output(folder, script)).contains("no pcache serves it");
  }

  @Test
  void aWorkingFolderThatIsNotUtf8IsRefused() throws Exception {
    String script =
        "folder=$(printf 'bad\\377'); mkdir \"$folder\"; cd \"$folder\"; exec \"$PCACHE\" status";
    assertThat(LauncherShell.output(folder, script))
        .startsWith("pcache: the name of the working folder")
        .contains("UTF-8")
        .endsWith("\nexit 2\n");
  }

  @Test
  void whereJavaReadsNamesOtherwiseTheWayOutIsSaid() throws Exception {
    String script =
        "LC_ALL=C exec \"$JAVA_HOME/bin/java\" -cp \"$PCACHE_CLASSPATH\" io.pcache.cli.Main status --cache"
            + " \"$(printf 'gr\\303\\274n')\"";
    assertThat(LauncherShell.output(folder, script))
        .contains("pcache: 'gr\\xc3\\xbcn'")
        .contains("LC_ALL=C.UTF-8")
        .endsWith("\nexit 2\n");
  }
}
