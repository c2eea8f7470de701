package io.liveset;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class VectorsTest {
    @TestFactory
    Stream<DynamicTest> every_vector_holds() throws IOException {
        List<Path> files = Vectors.in(Path.of("../../core/vectors"));
        assertTrue(files.size() > 1, "no vectors found");
        return files.stream().map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> Vectors.replay(file)));
    }
}
