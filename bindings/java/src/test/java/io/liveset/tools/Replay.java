package io.liveset.tools;

import io.liveset.Vectors;
import java.io.IOException;
import java.nio.file.Path;

/** Replays all vectors of a folder and prints {@code FILE DIGEST} for each: {@code Replay FOLDER}. */
public final class Replay {
    private Replay() {}

    public static void main(String[] arguments) throws IOException {
        for (Path file : Vectors.in(Path.of(arguments[0]))) {
            System.out.println(file.getFileName() + " " + Vectors.replay(file));
        }
    }
}
