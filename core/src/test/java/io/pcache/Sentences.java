package io.pcache;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The sentences of a document or of the comments in a Java file, with their lengths in words. Code,
 * tables and headings do not count; a code span or a link in a comment counts as one word.
 */
final class Sentences {
  private static final Pattern HEADING_OR_TABLE = Pattern.compile("\\s*(#|\\||<|!\\[).*");
  private static final Pattern LIST_ITEM = Pattern.compile("\\s*([-*]|\\d+\\.)\\s.*");
  private static final Pattern INDENTED = Pattern.compile(" {4,}\\S.*");
  private static final Pattern MARKDOWN_LINK = Pattern.compile("\\[([^]]*)]\\([^)]*\\)");
  private static final Pattern CODE_SPAN = Pattern.compile("`[^`]*`");
  private static final Pattern LABELLED_LINK =
      Pattern.compile("\\{@link(?:plain)?\\s+[^\\s}]+\\s+([^}]+)}");
  private static final Pattern INLINE_TAG = Pattern.compile("\\{@[^}]*}");
  private static final Pattern NAMED_TAG =
      Pattern.compile("@(?:param|throws|return|see|since)\\b(?:\\s+<?\\w+>?(?=\\s+[A-Za-z]))?");
  private static final Pattern PARAGRAPH_TAG =
      Pattern.compile("</?(?:p|ul|ol|li|dl|dt|dd|h\\d)>.*");
  private static final Pattern HTML_TAG = Pattern.compile("<[^>]*>");

  /** A sentence may begin with a name in lower case. */
  private static final Pattern END =
      Pattern.compile("(?<=[.!?][)\"'*_]{0,2})\\s+(?=[\\p{Lu}\\d`\"'(\\[*_]|pcache|[a-z]+_[a-z])");

  private static final Pattern BLANKS = Pattern.compile("\\s+");
  private static final Pattern WORD = Pattern.compile(".*[\\p{L}\\p{N}].*");

  /**
   * One sentence: the number of the line on which its paragraph begins, its text, and its length in
   * words.
   */
  record Sentence(int line, String text, int words) {}

  private final List<Sentence> found = new ArrayList<>();
  private final StringBuilder paragraph = new StringBuilder();
  private int firstLine;

  private Sentences() {}

  static List<Sentence> ofMarkdown(List<String> lines) {
    Sentences sentences = new Sentences();
    boolean fenced = false;
    boolean inList = false;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      boolean fence = line.strip().startsWith("```");
      fenced ^= fence;
      boolean item = LIST_ITEM.matcher(line).matches();
      inList = item || (inList && (line.isBlank() || line.startsWith(" ")));
      boolean code = fenced || fence || (!inList && INDENTED.matcher(line).matches());
      if (code || line.isBlank() || item || HEADING_OR_TABLE.matcher(line).matches()) {
        sentences.endParagraph();
      }
      if (!code && (item || !HEADING_OR_TABLE.matcher(line).matches())) {
        sentences.add(i + 1, line);
      }
    }
    sentences.endParagraph();
    return sentences.found;
  }

  static List<Sentence> ofComments(List<String> lines) {
    Sentences sentences = new Sentences();
    boolean inBlock = false;
    boolean preformatted = false;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      boolean begins = !inBlock && line.startsWith("/*");
      if (!inBlock && !begins) {
        sentences.addLineComment(i + 1, line);
        continue;
      }
      inBlock = !line.endsWith("*/");
      String text = textOfBlock(line);
      preformatted |= text.startsWith("<pre") || text.startsWith("<table");
      if (begins
          || text.isBlank()
          || text.startsWith("@")
          || PARAGRAPH_TAG.matcher(text).matches()) {
        sentences.endParagraph();
      }
      if (!preformatted) {
        sentences.add(i + 1, text);
      }
      preformatted &= !text.endsWith("</pre>") && !text.endsWith("</table>");
      if (!inBlock) {
        sentences.endParagraph();
      }
    }
    sentences.endParagraph();
    return sentences.found;
  }

  private static String textOfBlock(String line) {
    String text = line.endsWith("*/") ? line.substring(0, line.length() - 2) : line;
    if (text.startsWith("/*")) {
      text = text.substring(2);
    }
    return text.startsWith("*") ? text.substring(1).strip() : text.strip();
  }

  private void addLineComment(int number, String line) {
    if (line.startsWith("//")) {
      add(number, line.substring(2).strip());
    } else {
      endParagraph();
    }
  }

  private void add(int number, String line) {
    if (paragraph.isEmpty()) {
      firstLine = number;
    }
    paragraph.append(line).append(' ');
  }

  private void endParagraph() {
    String text = plain(paragraph.toString());
    paragraph.setLength(0);
    if (text.isBlank()) {
      return;
    }
    END.splitAsStream(text)
        .map(sentence -> new Sentence(firstLine, sentence, wordsOf(sentence)))
        .filter(sentence -> sentence.words() > 0)
        .forEach(found::add);
  }

  private static String plain(String text) {
    String plain = CODE_SPAN.matcher(text).replaceAll("Code");
    plain = MARKDOWN_LINK.matcher(plain).replaceAll("$1");
    plain = LABELLED_LINK.matcher(plain).replaceAll("$1");
    plain = INLINE_TAG.matcher(plain).replaceAll("Code");
    plain = NAMED_TAG.matcher(plain).replaceAll("");
    return HTML_TAG.matcher(plain).replaceAll("").strip();
  }

  private static int wordsOf(String sentence) {
    return (int)
        BLANKS.splitAsStream(sentence).filter(word -> WORD.matcher(word).matches()).count();
  }
}
