package io.liveset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {
    @TempDir
    Path folder;

    @Test
    void the_code_of_the_readme_compiles_and_prints_what_the_readme_says() throws Exception {
        String readme = Files.readString(Path.of("README.md"));
        String printed = run(block(readme, "java"));
        assertTrue(printed.startsWith(block(readme, "text")), printed);
        List<String> lines = printed.lines().toList();
        assertEquals("100 register.address.port INVALID", lines.get(lines.size() - 1));
        assertTrue(lines.size() > 5, "no sentences: " + printed);
    }

    private static String block(String readme, String language) {
        String start = "```" + language + "\n";
        int from = readme.indexOf(start) + start.length();
        return readme.substring(from, readme.indexOf("```", from));
    }

    private String run(String code) throws Exception {
        int body = code.indexOf("\n\n");
        String program = code.substring(0, body) + "\nimport java.util.*;\n"
                + "public class Loop { public static void run() {" + code.substring(body) + "} }\n";
        Path source = Files.writeString(folder.resolve("Loop.java"), program);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        ByteArrayOutputStream complaints = new ByteArrayOutputStream();
        int failed = compiler.run(null, null, complaints, "-Xlint:all", "-Werror", "-d", folder.toString(),
                "-proc:none", "-cp", Path.of("target/classes").toString(), source.toString());
        assertEquals(0, failed, () -> complaints.toString(StandardCharsets.UTF_8));

        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, getClass().getClassLoader())) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass("Loop").getMethod("run").invoke(null);
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }
}
