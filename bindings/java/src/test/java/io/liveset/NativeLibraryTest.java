package io.liveset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each in a JVM of its own: a library is loaded once. */
class NativeLibraryTest {
    @TempDir
    Path folder;

    /** What the other JVM runs. */
    static final class Opens {
        public static void main(String[] arguments) {
            for (int attempt = 0; attempt < 2; attempt++) {
                try {
                    Registry.open(Policy.strict()).close();
                    System.out.println("opened");
                } catch (UnsatisfiedLinkError problem) {
                    System.out.println(problem.getMessage());
                }
            }
        }
    }

    @Test
    void a_platform_that_the_jar_does_not_carry_is_named_each_time() throws Exception {
        List<String> said = run("-Dos.name=Plan 9", "-Dos.arch=sparc");
        assertEquals(2, said.size());
        for (String line : said) {
            assertTrue(line.startsWith("liveset has no native library for os.name=Plan 9, os.arch=sparc: "), line);
            assertTrue(line.contains("-Dio.liveset.library"), line);
        }
    }

    @Test
    void a_library_that_does_not_load_is_named() throws Exception {
        Path broken = Files.writeString(folder.resolve("broken.so"), "no library");
        // HotSpot itself may complain of the file before us.
        String line = run("-Dio.liveset.library=" + broken).stream().filter(said -> said.startsWith("liveset")).findFirst().get();
        assertTrue(line.contains("os.name=") && line.contains(broken + ", named by -Dio.liveset.library"), line);
    }

    @Test
    void a_library_of_the_hosts_own_is_loaded_in_place() throws Exception {
        Path own = folder.resolve("own.so");
        String packed = "/META-INF/native/" + NativeLibrary.platform() + "/" + System.mapLibraryName("liveset_jni");
        Files.copy(NativeLibraryTest.class.getResourceAsStream(packed), own);
        assertEquals(List.of("opened", "opened"), run("-Dio.liveset.library=" + own, "-Dos.arch=sparc"));
    }

    @Test
    void what_was_unpacked_is_gone_when_the_jvm_is() throws Exception {
        assertEquals(List.of("opened", "opened"), run("-Dio.liveset.tmpdir=" + folder));
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void a_folder_that_cannot_be_written_is_named_with_the_way_out() throws Exception {
        String line = run("-Dio.liveset.tmpdir=" + folder.resolve("missing")).get(0);
        assertTrue(line.contains("-Dio.liveset.tmpdir=FOLDER"), line);
    }

    private static List<String> run(String... properties) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of(properties));
        String jackson = Path.of(com.fasterxml.jackson.core.JsonFactory.class.getProtectionDomain().getCodeSource()
                .getLocation().toURI()).toString();
        String path = String.join(File.pathSeparator, "target/classes", "target/test-classes", jackson);
        command.addAll(List.of("-cp", path, Opens.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> said = process.inputReader().lines().toList();
        assertEquals(0, process.waitFor(), said::toString);
        return said;
    }
}
