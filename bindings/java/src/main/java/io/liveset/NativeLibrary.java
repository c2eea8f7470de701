package io.liveset;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;

/**
 * Finds the native library and loads it once: the file that {@value #OVERRIDE} names, or else the one that the jar carries for
 * this platform under {@code META-INF/native/OS-ARCH/}, unpacked to a folder that only this user can read. A platform that the jar
 * does not carry, and a file that cannot be loaded, is an {@link UnsatisfiedLinkError} that names both.
 */
final class NativeLibrary {
    /** System property: path of a native library to load instead of the one in the jar. */
    static final String OVERRIDE = "io.liveset.library";
    /** System property: where to unpack, for machines whose {@code java.io.tmpdir} does not allow programs. */
    static final String FOLDER = "io.liveset.tmpdir";

    /** The interface this code was written against; {@code LIVESET_ABI_VERSION} of the native library must be the same. */
    private static final int ABI_VERSION = 1 << 16;

    private static boolean loaded;

    private NativeLibrary() {}

    static synchronized void load() {
        if (loaded) {
            return;
        }
        String override = System.getProperty(OVERRIDE);
        if (override != null) {
            loadFile(Path.of(override).toAbsolutePath(), "named by -D" + OVERRIDE);
        } else {
            loadPacked();
        }
        int found = Native.abiVersion();
        if (found != ABI_VERSION) {
            throw failure("it speaks interface version " + version(found) + ", this jar " + version(ABI_VERSION), null);
        }
        loaded = true;
    }

    private static void loadPacked() {
        String resource = "/META-INF/native/" + platform() + "/" + System.mapLibraryName("liveset_jni");
        try (InputStream packed = NativeLibrary.class.getResourceAsStream(resource)) {
            if (packed == null) {
                throw failure("this jar carries none at " + resource + "; name one with -D" + OVERRIDE + "=FILE", null);
            }
            Path folder = privateFolder();
            Path file = folder.resolve(System.mapLibraryName("liveset_jni"));
            try {
                Files.copy(packed, file);
                loadFile(file, "unpacked from the jar");
            } finally {
                remove(file);
                remove(folder);
            }
        } catch (IOException problem) {
            throw failure("it cannot be unpacked (-D" + FOLDER + "=FOLDER names another place)", problem);
        }
    }

    private static void loadFile(Path file, String origin) {
        try {
            System.load(file.toString());
        } catch (UnsatisfiedLinkError problem) {
            throw failure(file + ", " + origin + ", does not load: " + problem.getMessage(), problem);
        }
    }

    private static Path privateFolder() throws IOException {
        Path parent = Path.of(System.getProperty(FOLDER, System.getProperty("java.io.tmpdir")));
        boolean posix = Files.getFileStore(parent).supportsFileAttributeView("posix");
        FileAttribute<?>[] ownerOnly = posix
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))}
                : new FileAttribute<?>[0];
        return Files.createTempDirectory(parent, "liveset-", ownerOnly);
    }

    /** A loaded library needs its file no longer where the system lets go of it; elsewhere it goes with the JVM. */
    private static void remove(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException inUse) {
            path.toFile().deleteOnExit();
        }
    }

    /** {@code linux-x86_64} and the like. */
    static String platform() {
        String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        String family = os.startsWith("mac") ? "macos" : os.startsWith("windows") ? "windows" : os;
        return family + "-" + (arch.equals("amd64") ? "x86_64" : arch);
    }

    private static UnsatisfiedLinkError failure(String problem, Throwable cause) {
        UnsatisfiedLinkError error = new UnsatisfiedLinkError("liveset has no native library for os.name="
                + System.getProperty("os.name") + ", os.arch=" + System.getProperty("os.arch") + ": " + problem);
        error.initCause(cause);
        return error;
    }

    private static String version(int packed) {
        return (packed >>> 16) + "." + (packed & 0xffff);
    }
}
