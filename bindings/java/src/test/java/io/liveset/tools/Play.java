package io.liveset.tools;

import io.liveset.Report;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Plays scenario files and prints the report document of each on a line of its own: {@code Play FILE...}. */
public final class Play {
    private Play() {}

    public static void main(String[] files) throws IOException {
        // The documents are UTF-8 whatever the machine's locale says.
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String file : files) {
            out.println(Report.play(Files.readString(Path.of(file))).document());
        }
    }
}
